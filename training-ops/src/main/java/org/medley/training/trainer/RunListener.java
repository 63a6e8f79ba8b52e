package org.medley.training.trainer;

import java.util.Map;

/** Who is told how a run goes, and is asked whether it should go on. */
public interface RunListener {
    /** The run has this many steps in all. */
    void steps(int steps);

    /**
     * Figures of one finished step, by name; of step 0, what was measured before the first: loss, learningRate,
     * gradientNorm, tokens (of all steps so far), tokensPerSecond, mfu (share of the machine's best rate of products,
     * {@link Utilization}), peakMemory (bytes of this process), evaluationLoss.
     */
    void metric(int step, Map<String, Double> values);

    void message(String text);

    /** What the model answers to one of the recipe's prompts after a step. */
    default void sample(int step, String prompt, String answer) {}

    /** Whether to stop; asked between steps. A run that stops has written a checkpoint and can go on from it. */
    boolean cancelled();
}
