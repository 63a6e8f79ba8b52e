package org.medley.training.precision;

import java.util.List;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.ForwardingOps;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Tensor;

/** Ops whose results are BF16, and whose linear layers take their inputs in the precision's format. */
final class EmulatedOps extends ForwardingOps {
    private final Emulation emulation;
    /** The last input of a linear layer and what it was rounded to: query, key and value share one, gate and up too. */
    private Tensor input;

    private Tensor rounded;

    EmulatedOps(Ops base, Emulation emulation) {
        super(base);
        this.emulation = emulation;
    }

    private static Tensor result(Tensor y) {
        return Emulation.bf16(y, y);
    }

    @Override
    public Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        if (!emulation.rounds(weight)) {
            return result(super.linear(x, weight, bias));
        }
        if (x != input) {
            input = x;
            rounded = emulation.input(x);
        }
        return result(super.linear(rounded, weight, bias));
    }

    @Override
    public Tensor rmsNorm(Tensor x, Tensor weight, float epsilon) {
        return result(super.rmsNorm(x, weight, epsilon));
    }

    @Override
    public Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, float epsilon) {
        return result(super.layerNorm(x, weight, bias, epsilon));
    }

    @Override
    public Tensor rope(Tensor x, int[] positions, RopeTable table) {
        return result(super.rope(x, positions, table));
    }

    @Override
    public Tensor attention(Tensor q, Tensor k, Tensor v, Attention attention, int layer, Batch batch) {
        return result(super.attention(q, k, v, attention, layer, batch));
    }

    @Override
    public Tensor swiglu(Tensor gate, Tensor up) {
        return result(super.swiglu(gate, up));
    }

    @Override
    public Tensor gelu(Tensor x, Gelu form) {
        return result(super.gelu(x, form));
    }

    @Override
    public Tensor geglu(Tensor gate, Tensor up, Gelu form) {
        return result(super.geglu(gate, up, form));
    }

    @Override
    public Tensor columns(Tensor x, Tensor factors, Tensor bias) {
        return result(super.columns(x, factors, bias));
    }

    @Override
    public Tensor scale(Tensor x, float factor) {
        return result(super.scale(x, factor));
    }

    @Override
    public Tensor softCap(Tensor x, float cap) {
        return result(super.softCap(x, cap));
    }

    @Override
    public Tensor mixture(Tensor x, Tensor router, List<Expert> experts, int top, boolean normalized) {
        throw new IllegalStateException("a mixture is taken apart by the tape before it comes here");
    }

    @Override
    public Tensor add(Tensor a, Tensor b) {
        return result(super.add(a, b));
    }

    @Override
    public Sum addNorm(Tensor a, Tensor b, Tensor weight, float epsilon) {
        Tensor sum = add(a, b);
        return new Sum(sum, rmsNorm(sum, weight, epsilon));
    }

    @Override
    public Tensor means(Tensor x, List<Batch.Span> spans) {
        return result(super.means(x, spans));
    }
}
