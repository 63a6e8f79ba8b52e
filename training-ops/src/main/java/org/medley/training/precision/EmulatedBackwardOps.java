package org.medley.training.precision;

import org.medley.runtime.tensor.Tensor;
import org.medley.training.autograd.BackwardOps;
import org.medley.training.autograd.ForwardingBackwardOps;

/** Ways back whose gradients of activations are BF16, and those of linear layers products in the precision's format. */
final class EmulatedBackwardOps extends ForwardingBackwardOps {
    private final Emulation emulation;

    EmulatedBackwardOps(BackwardOps base, Emulation emulation) {
        super(base);
        this.emulation = emulation;
    }

    @Override
    public void whole(Tensor gradient) {
        Emulation.bf16(gradient, gradient);
    }

    @Override
    public void linear(Tensor x, Tensor weight, Tensor dy, Tensor dx, Tensor dWeight, Tensor dBias) {
        if (!emulation.rounds(weight)) {
            super.linear(x, weight, dy, dx, dWeight, dBias);
            return;
        }
        if (dx != null) {
            super.linear(x, weight, emulation.gradient(dy), dx, null, null);
        }
        if (dWeight != null) {
            Emulation.Operands operands = emulation.across(x, dy);
            super.linear(operands.x(), weight, operands.dy(), null, dWeight, null);
        }
        if (dBias != null) {
            super.linear(x, weight, dy, null, null, dBias);
        }
    }
}
