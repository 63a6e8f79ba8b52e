package org.medley.training.autograd;

import java.util.List;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Ops.Gelu;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Tensor;

/** The ways back of {@link PlannedOps}: they too only ask for memory. */
public final class PlannedBackwardOps implements BackwardOps {
    private final PlannedMemory memory;
    private final int logitsAtOnce;

    /** Of the processor's ops. */
    public PlannedBackwardOps(PlannedMemory memory) {
        this.memory = memory;
        this.logitsAtOnce = BackwardOps.super.logitsAtOnce();
    }

    /** @param logitsAtOnce of the ops that are planned */
    public PlannedBackwardOps(PlannedMemory memory, int logitsAtOnce) {
        this.memory = memory;
        this.logitsAtOnce = logitsAtOnce;
    }

    @Override
    public int logitsAtOnce() {
        return logitsAtOnce;
    }

    @Override
    public Tensor tensor(int rows, int cols) {
        return memory.tensor(rows, cols);
    }

    @Override
    public Tensor zeros(int rows, int cols) {
        return memory.tensor(rows, cols);
    }

    @Override
    public void within(Runnable work) {
        memory.within(work);
    }

    @Override
    public float[] crossEntropy(Tensor logits, int[] targets, float[] weights, Tensor dLogits) {
        return new float[targets.length];
    }

    @Override
    public float[] weightedRows(Tensor y, int[] rows, float[] weights, Tensor dOut, Tensor dy) {
        return new float[rows.length];
    }

    /** As a router would score whose experts are chosen as often as each other: each row's values begin at its own place. */
    @Override
    public float[] read(Tensor x) {
        float[] values = new float[Math.toIntExact(x.size())];
        for (int row = 0; row < x.rows(); row++) {
            for (int i = 0; i < x.cols(); i++) {
                values[row * x.cols() + (row + i) % x.cols()] = -i;
            }
        }
        return values;
    }

    // What follows takes no memory of the step worth counting.

    @Override
    public void embedding(int[] ids, Tensor dy, Tensor dTable) {}

    @Override
    public void linear(Tensor x, Tensor weight, Tensor dy, Tensor dx, Tensor dWeight, Tensor dBias) {}

    @Override
    public void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor dy, Tensor dx, Tensor dWeight) {}

    @Override
    public void layerNorm(Tensor x, Tensor weight, float epsilon, Tensor dy, Tensor dx, Tensor dWeight, Tensor dBias) {}

    @Override
    public void rope(int[] positions, RopeTable table, Tensor dy, Tensor dx) {}

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
            Tensor dv) {}

    @Override
    public void swiglu(Tensor gate, Tensor up, Tensor dy, Tensor dGate, Tensor dUp) {}

    @Override
    public void gelu(Tensor x, Gelu form, Tensor dy, Tensor dx) {}

    @Override
    public void geglu(Tensor gate, Tensor up, Gelu form, Tensor dy, Tensor dGate, Tensor dUp) {}

    @Override
    public void columns(Tensor x, Tensor factors, Tensor dy, Tensor dx, Tensor dFactors, Tensor dBias) {}

    @Override
    public void scale(float factor, Tensor dy, Tensor dx) {}

    @Override
    public void softCap(Tensor y, float cap, Tensor dy, Tensor dx) {}

    @Override
    public void rows(int[] rows, Tensor dy, Tensor dx) {}

    @Override
    public void means(List<Batch.Span> spans, Tensor dy, Tensor dx) {}

    @Override
    public void addRows(Tensor y, int[] rows, float[] weights, Tensor out) {}

    @Override
    public void copy(Tensor from, Tensor to) {}

    @Override
    public void write(float[] values, Tensor x) {}
}
