package org.medley.training.autograd;

import java.util.List;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Ops.Gelu;
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

    void layerNorm(Tensor x, Tensor weight, float epsilon, Tensor dy, Tensor dx, Tensor dWeight, Tensor dBias);

    void rope(int[] positions, RopeTable table, Tensor dy, Tensor dx);

    /** @param y what attention gave */
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

    void gelu(Tensor x, Gelu form, Tensor dy, Tensor dx);

    void geglu(Tensor gate, Tensor up, Gelu form, Tensor dy, Tensor dGate, Tensor dUp);

    void columns(Tensor x, Tensor factors, Tensor dy, Tensor dx, Tensor dFactors, Tensor dBias);

    /** {@code dx += factor · dy}; with factor 1 the way back through a sum. */
    void scale(float factor, Tensor dy, Tensor dx);

    /** @param y what the cap gave */
    void softCap(Tensor y, float cap, Tensor dy, Tensor dx);

    void rows(int[] rows, Tensor dy, Tensor dx);

    void means(List<Batch.Span> spans, Tensor dy, Tensor dx);

    /** {@code out[rows[i]] += weights[i] · y[i]}. */
    void addRows(Tensor y, int[] rows, float[] weights, Tensor out);

    /**
     * The way back through {@link #addRows}.
     *
     * @return how the loss changes with each weight
     */
    float[] weightedRows(Tensor y, int[] rows, float[] weights, Tensor dOut, Tensor dy);

    /**
     * −log softmax(logits)[target] of every row.
     *
     * @param targets one class per row
     * @param weights what each row's loss weighs; null if no gradient is wanted
     * @param dLogits is written, not added to; may be the logits themselves, and is null without weights
     */
    float[] crossEntropy(Tensor logits, int[] targets, float[] weights, Tensor dLogits);

    /** Memory of the step, with whatever lay there. */
    Tensor tensor(int rows, int cols);

    /** Memory of the step, zeroed. */
    Tensor zeros(int rows, int cols);

    void copy(Tensor from, Tensor to);

    /** Brings values to where they can be looked at, to decide something by them: row by row. */
    float[] read(Tensor x);

    /** What was decided, back to where the ops find it. */
    void write(float[] values, Tensor x);

    /** Runs what hands out memory of the step and takes that back afterwards; nothing made in it may be used after it. */
    void within(Runnable work);

    /** Logits that exist at a time: so many are worth a product of their own, and fit beside everything else. */
    default int logitsAtOnce() {
        return 1 << 22;
    }

    /** The gradient of an op's result is whole and is going to be used. */
    default void whole(Tensor gradient) {}
}
