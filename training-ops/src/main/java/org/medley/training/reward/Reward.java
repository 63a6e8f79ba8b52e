package org.medley.training.reward;

import java.util.List;

/** Judges answers. Used by one thread. */
public interface Reward extends AutoCloseable {
    /**
     * @return one number for each answer, usually 0 (wrong) to 1 (right)
     * @throws IllegalArgumentException if a prompt lacks what is needed to judge, naming it
     */
    double[] judge(List<Answer> answers);

    @Override
    default void close() {}
}
