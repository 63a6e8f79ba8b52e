package org.medley.training.bench;

import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.ForwardingOps;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Tensor;

/** Ops that write down how long those of a Llama-shaped decoder take. */
final class TimedOps extends ForwardingOps {
    private static final String PART = "forward";

    private final Times times;

    TimedOps(Ops base, Times times) {
        super(base);
        this.times = times;
    }

    @Override
    public Tensor embedding(Tensor table, int[] ids) {
        return times.of(PART, "embedding", () -> super.embedding(table, ids));
    }

    @Override
    public Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        return times.of(PART, "linear", () -> super.linear(x, weight, bias));
    }

    @Override
    public Tensor rmsNorm(Tensor x, Tensor weight, float epsilon) {
        return times.of(PART, "rmsNorm", () -> super.rmsNorm(x, weight, epsilon));
    }

    @Override
    public Tensor rope(Tensor x, int[] positions, RopeTable table) {
        return times.of(PART, "rope", () -> super.rope(x, positions, table));
    }

    @Override
    public Tensor attention(Tensor q, Tensor k, Tensor v, Attention attention, int layer, Batch batch) {
        return times.of(PART, "attention", () -> super.attention(q, k, v, attention, layer, batch));
    }

    @Override
    public Tensor swiglu(Tensor gate, Tensor up) {
        return times.of(PART, "swiglu", () -> super.swiglu(gate, up));
    }

    @Override
    public Tensor add(Tensor a, Tensor b) {
        return times.of(PART, "add", () -> super.add(a, b));
    }

    @Override
    public Tensor rows(Tensor x, int[] rows) {
        return times.of(PART, "rows", () -> super.rows(x, rows));
    }
}
