package org.medley.training.bench;

import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Tensor;
import org.medley.training.autograd.BackwardOps;
import org.medley.training.autograd.ForwardingBackwardOps;

/** Ways back that write down how long those of a Llama-shaped decoder take. */
final class TimedBackwardOps extends ForwardingBackwardOps {
    private static final String PART = "backward";

    private final Times times;

    TimedBackwardOps(BackwardOps base, Times times) {
        super(base);
        this.times = times;
    }

    @Override
    public void embedding(int[] ids, Tensor dy, Tensor dTable) {
        times.of(PART, "embedding", () -> super.embedding(ids, dy, dTable));
    }

    @Override
    public void linear(Tensor x, Tensor weight, Tensor dy, Tensor dx, Tensor dWeight, Tensor dBias) {
        if (dx != null) {
            times.of(PART, "linear, by input", () -> super.linear(x, weight, dy, dx, null, null));
        }
        if (dWeight != null || dBias != null) {
            times.of(PART, "linear, by weight", () -> super.linear(x, weight, dy, null, dWeight, dBias));
        }
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor dy, Tensor dx, Tensor dWeight) {
        times.of(PART, "rmsNorm", () -> super.rmsNorm(x, weight, epsilon, dy, dx, dWeight));
    }

    @Override
    public void rope(int[] positions, RopeTable table, Tensor dy, Tensor dx) {
        times.of(PART, "rope", () -> super.rope(positions, table, dy, dx));
    }

    @Override
    public void attention(
            Tensor q,
            Tensor k,
            Tensor v,
            Attention attention,
            Batch batch,
            Tensor y,
            Tensor dy,
            Tensor dq,
            Tensor dk,
            Tensor dv) {
        times.of(PART, "attention", () -> super.attention(q, k, v, attention, batch, y, dy, dq, dk, dv));
    }

    @Override
    public void swiglu(Tensor gate, Tensor up, Tensor dy, Tensor dGate, Tensor dUp) {
        times.of(PART, "swiglu", () -> super.swiglu(gate, up, dy, dGate, dUp));
    }

    @Override
    public void scale(float factor, Tensor dy, Tensor dx) {
        times.of(PART, "sums", () -> super.scale(factor, dy, dx));
    }

    @Override
    public void rows(int[] rows, Tensor dy, Tensor dx) {
        times.of(PART, "rows", () -> super.rows(rows, dy, dx));
    }

    @Override
    public float[] crossEntropy(Tensor logits, int[] targets, float[] weights, Tensor dLogits) {
        return times.of(PART, "cross entropy", () -> super.crossEntropy(logits, targets, weights, dLogits));
    }

    @Override
    public Tensor zeros(int rows, int cols) {
        return times.of(PART, "zeroing", () -> super.zeros(rows, cols));
    }
}
