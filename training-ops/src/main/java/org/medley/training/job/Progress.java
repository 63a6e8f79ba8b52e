package org.medley.training.job;

import java.util.Map;

/** How a runner tells how far it is, and hears that it shall stop. */
public interface Progress {
    /** How many steps there will be. */
    void steps(int steps);

    /** Numbers of one step. Telling a step again, after going on from a checkpoint, replaces what was told of it. */
    void metric(int step, Map<String, Double> values);

    /** One line for people on what is being done; it is kept in the job's log. */
    void message(String line);

    /** What the model answers after a step. Telling it again replaces it. */
    void sample(int step, String prompt, String answer);

    /** Whether to stop: the job was cancelled or paused, or this worker shuts down or lost the job to another one. */
    boolean cancelled();
}
