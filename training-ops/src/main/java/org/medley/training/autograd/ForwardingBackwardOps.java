package org.medley.training.autograd;

import java.util.List;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Ops.Gelu;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Tensor;

/** Ways back that leave everything to others, for those that change a few of them. */
public abstract class ForwardingBackwardOps implements BackwardOps {
    private final BackwardOps base;

    protected ForwardingBackwardOps(BackwardOps base) {
        this.base = base;
    }

    @Override
    public void embedding(int[] ids, Tensor dy, Tensor dTable) {
        base.embedding(ids, dy, dTable);
    }

    @Override
    public void linear(Tensor x, Tensor weight, Tensor dy, Tensor dx, Tensor dWeight, Tensor dBias) {
        base.linear(x, weight, dy, dx, dWeight, dBias);
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor dy, Tensor dx, Tensor dWeight) {
        base.rmsNorm(x, weight, epsilon, dy, dx, dWeight);
    }

    @Override
    public void layerNorm(Tensor x, Tensor weight, float epsilon, Tensor dy, Tensor dx, Tensor dWeight, Tensor dBias) {
        base.layerNorm(x, weight, epsilon, dy, dx, dWeight, dBias);
    }

    @Override
    public void rope(int[] positions, RopeTable table, Tensor dy, Tensor dx) {
        base.rope(positions, table, dy, dx);
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
        base.attention(q, k, v, attention, batch, y, dy, dq, dk, dv);
    }

    @Override
    public void swiglu(Tensor gate, Tensor up, Tensor dy, Tensor dGate, Tensor dUp) {
        base.swiglu(gate, up, dy, dGate, dUp);
    }

    @Override
    public void gelu(Tensor x, Gelu form, Tensor dy, Tensor dx) {
        base.gelu(x, form, dy, dx);
    }

    @Override
    public void geglu(Tensor gate, Tensor up, Gelu form, Tensor dy, Tensor dGate, Tensor dUp) {
        base.geglu(gate, up, form, dy, dGate, dUp);
    }

    @Override
    public void columns(Tensor x, Tensor factors, Tensor dy, Tensor dx, Tensor dFactors, Tensor dBias) {
        base.columns(x, factors, dy, dx, dFactors, dBias);
    }

    @Override
    public void scale(float factor, Tensor dy, Tensor dx) {
        base.scale(factor, dy, dx);
    }

    @Override
    public void softCap(Tensor y, float cap, Tensor dy, Tensor dx) {
        base.softCap(y, cap, dy, dx);
    }

    @Override
    public void rows(int[] rows, Tensor dy, Tensor dx) {
        base.rows(rows, dy, dx);
    }

    @Override
    public void means(List<Batch.Span> spans, Tensor dy, Tensor dx) {
        base.means(spans, dy, dx);
    }

    @Override
    public void addRows(Tensor y, int[] rows, float[] weights, Tensor out) {
        base.addRows(y, rows, weights, out);
    }

    @Override
    public float[] weightedRows(Tensor y, int[] rows, float[] weights, Tensor dOut, Tensor dy) {
        return base.weightedRows(y, rows, weights, dOut, dy);
    }

    @Override
    public float[] crossEntropy(Tensor logits, int[] targets, float[] weights, Tensor dLogits) {
        return base.crossEntropy(logits, targets, weights, dLogits);
    }

    @Override
    public Tensor tensor(int rows, int cols) {
        return base.tensor(rows, cols);
    }

    @Override
    public Tensor zeros(int rows, int cols) {
        return base.zeros(rows, cols);
    }

    @Override
    public float[] read(Tensor x) {
        return base.read(x);
    }

    @Override
    public void write(float[] values, Tensor x) {
        base.write(values, x);
    }

    @Override
    public void copy(Tensor from, Tensor to) {
        base.copy(from, to);
    }

    @Override
    public void within(Runnable work) {
        base.within(work);
    }

    @Override
    public int logitsAtOnce() {
        return base.logitsAtOnce();
    }

    @Override
    public void whole(Tensor gradient) {
        base.whole(gradient);
    }
}
