package org.medley.training.trainer;

import java.util.Map;

/** Who is told how a run goes, and is asked whether it should go on. */
public interface RunListener {
    /** The run has this many steps in all. */
    void steps(int steps);

    /** Figures of one finished step, by name: loss, learningRate, gradientNorm, tokensPerSecond, evaluationLoss. */
    void metric(int step, Map<String, Double> values);

    void message(String text);

    boolean cancelled();
}
