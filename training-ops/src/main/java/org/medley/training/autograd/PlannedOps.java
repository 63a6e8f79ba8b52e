package org.medley.training.autograd;

import java.util.List;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Tensor;

/**
 * Ops that compute nothing: results have shapes and no memory, and what they would take is counted. A tape over these
 * and {@link PlannedBackwardOps} asks for what the real ones would, so a step's memory is known before it runs.
 */
public final class PlannedOps implements Ops {
    private final PlannedMemory memory;

    public PlannedOps(PlannedMemory memory) {
        this.memory = memory;
    }

    private Tensor like(Tensor x) {
        return memory.tensor(x.rows(), x.cols());
    }

    @Override
    public Tensor embedding(Tensor table, int[] ids) {
        return memory.tensor(ids.length, table.cols());
    }

    @Override
    public Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        return memory.tensor(x.rows(), weight.rows());
    }

    @Override
    public Tensor rmsNorm(Tensor x, Tensor weight, float epsilon) {
        return like(x);
    }

    @Override
    public Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, float epsilon) {
        return like(x);
    }

    @Override
    public Tensor rope(Tensor x, int[] positions, RopeTable table) {
        return like(x);
    }

    @Override
    public Tensor attention(Tensor q, Tensor k, Tensor v, Attention attention, int layer, Batch batch) {
        return like(q);
    }

    @Override
    public Tensor swiglu(Tensor gate, Tensor up) {
        return like(gate);
    }

    @Override
    public Tensor gelu(Tensor x, Gelu form) {
        return like(x);
    }

    @Override
    public Tensor geglu(Tensor gate, Tensor up, Gelu form) {
        return like(gate);
    }

    @Override
    public Tensor columns(Tensor x, Tensor factors, Tensor bias) {
        return like(x);
    }

    @Override
    public Tensor scale(Tensor x, float factor) {
        return like(x);
    }

    @Override
    public Tensor softCap(Tensor x, float cap) {
        return like(x);
    }

    /** As if each expert were chosen by as many rows as the others. */
    @Override
    public Tensor mixture(Tensor x, Tensor router, List<Expert> experts, int top, boolean normalized) {
        memory.tensor(x.rows(), experts.size());
        int chosen = x.rows() * top;
        int inner = experts.getFirst().gate().rows();
        memory.tensor(chosen, x.cols());
        memory.tensor(chosen, 3 * inner);
        memory.tensor(chosen, x.cols());
        return like(x);
    }

    @Override
    public Tensor add(Tensor a, Tensor b) {
        return like(a);
    }

    @Override
    public Tensor rows(Tensor x, int[] rows) {
        return memory.tensor(rows.length, x.cols());
    }

    @Override
    public Tensor means(Tensor x, List<Batch.Span> spans) {
        return memory.tensor(spans.size(), x.cols());
    }
}
