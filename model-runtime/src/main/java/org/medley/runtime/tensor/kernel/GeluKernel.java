package org.medley.runtime.tensor.kernel;

import static org.medley.runtime.tensor.kernel.Simd.F;
import static org.medley.runtime.tensor.kernel.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Ops.Gelu;

/** GELU in both its forms. The error function is Abramowitz and Stegun's 7.1.26, to 1.5e-7. */
public final class GeluKernel {
    private GeluKernel() {}

    /**
     * y = gelu(gate) · up.
     *
     * @param up 0 for y = gelu(gate)
     */
    public static void gelu(Gelu form, long gate, long up, long y, int from, int to) {
        int i = from;
        for (; i <= to - LANES; i += LANES) {
            long at = 4L * i;
            FloatVector gelu = gelu(form, Simd.load(gate + at));
            Simd.store(up == 0 ? gelu : gelu.mul(Simd.load(up + at)), y + at);
        }
        for (; i < to; i++) {
            long at = 4L * i;
            float gelu =
                    gelu(form, FloatVector.broadcast(F, Memory.f32(gate + at))).lane(0);
            Memory.f32(y + at, up == 0 ? gelu : gelu * Memory.f32(up + at));
        }
    }

    static FloatVector gelu(Gelu form, FloatVector x) {
        return form == Gelu.ERF ? erf(x) : tanh(x);
    }

    /** The tail Q = 1 - Φ(|x|) is what the polynomial gives: x·Q on the left, x - x·Q on the right, no digits lost. */
    private static FloatVector erf(FloatVector x) {
        FloatVector tail = tail(x).mul(x);
        return x.sub(tail).blend(tail, x.compare(VectorOperators.LT, 0f));
    }

    /** Φ(x). */
    static FloatVector normal(FloatVector x) {
        FloatVector tail = tail(x);
        return tail.neg().add(1f).blend(tail, x.compare(VectorOperators.LT, 0f));
    }

    private static FloatVector tail(FloatVector x) {
        FloatVector z = x.abs().mul(0.70710678f);
        FloatVector t = FloatVector.broadcast(F, 1f).div(z.mul(0.3275911f).add(1f));
        FloatVector p = t.mul(1.061405429f).add(-1.453152027f);
        p = p.mul(t).add(1.421413741f);
        p = p.mul(t).add(-0.284496736f);
        p = p.mul(t).add(0.254829592f).mul(t);
        return p.mul(Simd.exp(z.mul(z).neg())).mul(0.5f);
    }

    /** (1 + tanh u) / 2 is 1 / (1 + exp(-2u)). */
    private static FloatVector tanh(FloatVector x) {
        FloatVector u = x.mul(x).mul(0.044715f).add(1f).mul(x).mul(-1.5957691216f);
        return x.div(Simd.exp(u).add(1f));
    }
}
