package org.medley.training.autograd;

import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Tensor;

/**
 * The way back through every op of {@link Ops}. {@code dy} is the gradient of the loss by the op's result; every other
 * tensor named d… is added to, never overwritten, because a tensor may feed several ops. A null d… is not wanted.
 */
public interface BackwardOps {
    void embedding(int[] ids, Tensor dy, Tensor dTable);

    void linear(Tensor x, Tensor weight, Tensor dy, Tensor dx, Tensor dWeight, Tensor dBias);

    void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor dy, Tensor dx, Tensor dWeight);

    void rope(int[] positions, RopeTable table, Tensor dy, Tensor dx);

    void attention(
            Tensor q,
            Tensor k,
            Tensor v,
            Attention attention,
            Batch batch,
            Tensor y,
            Tensor dy,
            Tensor dq,
            Tensor dk,
            Tensor dv);

    void swiglu(Tensor gate, Tensor up, Tensor dy, Tensor dGate, Tensor dUp);

    /** {@code dx += dy}. */
    void add(Tensor dy, Tensor dx);

    void rows(int[] rows, Tensor dy, Tensor dx);

    /**
     * Sum over rows of −log softmax(logits)[target]; {@code dLogits += scale · gradient of that sum}.
     *
     * @param targets one class per row
     */
    double crossEntropy(Tensor logits, int[] targets, float scale, Tensor dLogits);
}
