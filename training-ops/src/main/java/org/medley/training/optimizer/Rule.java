package org.medley.training.optimizer;

import org.medley.runtime.tensor.Tensor;

/** How one parameter is changed by its gradient. Rules of one optimizer run one after the other, each on all cores. */
interface Rule {
    /** Elements that are worth handing to another thread. */
    int GRAIN = 16_384;

    void apply(Tensor gradient, Pace pace);

    /**
     * What a step is given.
     *
     * @param step counted from 1
     */
    record Pace(int step, float learningRate, float gradientScale) {}
}
