package org.medley.training.gpu;

import org.medley.runtime.tensor.Tensor;

/** The three products of a linear layer, in the numbers that its matrix is kept in. */
interface Products {
    /** {@code x · weightᵀ}. */
    Tensor forward(Tensor x, Tensor weight);

    /** Operands on the way back are made anew: a layer's begins, or memory was taken back. */
    void begin();

    /** {@code dx += dy · weight}. */
    void toInput(Tensor dy, Tensor weight, Tensor dx);

    /**
     * {@code dWeight += dyᵀ · x}.
     *
     * @param weight says which numbers are multiplied
     */
    void toWeight(Tensor x, Tensor weight, Tensor dy, Tensor dWeight);
}
