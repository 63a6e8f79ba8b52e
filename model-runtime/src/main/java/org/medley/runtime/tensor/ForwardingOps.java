package org.medley.runtime.tensor;

import java.util.List;

/** Ops that leave everything to others, for those that watch or add to a few of them. */
public abstract class ForwardingOps implements Ops {
    private final Ops base;

    protected ForwardingOps(Ops base) {
        this.base = base;
    }

    @Override
    public Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        return base.linear(x, weight, bias);
    }

    @Override
    public Tensor mixture(Tensor x, Tensor router, List<Expert> experts, int top, boolean normalized) {
        return base.mixture(x, router, experts, top, normalized);
    }

    @Override
    public Tensor embedding(Tensor table, int[] ids) {
        return base.embedding(table, ids);
    }

    @Override
    public Tensor rmsNorm(Tensor x, Tensor weight, float epsilon) {
        return base.rmsNorm(x, weight, epsilon);
    }

    @Override
    public Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, float epsilon) {
        return base.layerNorm(x, weight, bias, epsilon);
    }

    @Override
    public Tensor rope(Tensor x, int[] positions, RopeTable table) {
        return base.rope(x, positions, table);
    }

    @Override
    public Tensor attention(Tensor q, Tensor k, Tensor v, Attention attention, int layer, Batch batch) {
        return base.attention(q, k, v, attention, layer, batch);
    }

    @Override
    public Tensor swiglu(Tensor gate, Tensor up) {
        return base.swiglu(gate, up);
    }

    @Override
    public Tensor gelu(Tensor x, Gelu form) {
        return base.gelu(x, form);
    }

    @Override
    public Tensor geglu(Tensor gate, Tensor up, Gelu form) {
        return base.geglu(gate, up, form);
    }

    @Override
    public Tensor columns(Tensor x, Tensor factors, Tensor bias) {
        return base.columns(x, factors, bias);
    }

    @Override
    public Tensor scale(Tensor x, float factor) {
        return base.scale(x, factor);
    }

    @Override
    public Tensor softCap(Tensor x, float cap) {
        return base.softCap(x, cap);
    }

    @Override
    public Tensor add(Tensor a, Tensor b) {
        return base.add(a, b);
    }

    @Override
    public Sum addNorm(Tensor a, Tensor b, Tensor weight, float epsilon) {
        return base.addNorm(a, b, weight, epsilon);
    }

    @Override
    public Tensor rows(Tensor x, int[] rows) {
        return base.rows(x, rows);
    }

    @Override
    public Tensor means(Tensor x, List<Batch.Span> spans) {
        return base.means(x, spans);
    }
}
