package org.medley.training.trainer;

import java.util.Map;

/** Who is told how a run goes, and is asked whether it should go on. */
public interface RunListener {
    /** The run has this many steps in all. */
    void steps(int steps);

    /** Figures of one finished step, by name: loss, learningRate, gradientNorm, tokensPerSecond, evaluationLoss. */
    void metric(int step, Map<String, Double> values);

    void message(String text);

    /** What the model answers by now, for people to read. */
    default void sample(int step, String prompt, String answer) {}

    boolean cancelled();
}
