package org.medley.runtime.tensor.kernel;

import static org.medley.runtime.tensor.kernel.Simd.F;
import static org.medley.runtime.tensor.kernel.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Ops.Gelu;

/** The ways back through the kernels that work on rows and elements. What is named d… is added to unless it says otherwise. */
public final class BackwardKernels {
    private static final float ROOT_2_BY_PI_TWICE = 1.5957691216f;
    private static final float CUBE = 0.044715f;
    private static final float INVERSE_ROOT_2_PI = 0.39894228f;

    private BackwardKernels() {}

    /**
     * One group of a root-mean-square norm: with r = (mean x² + ε)^-½, dx = r·(w·dy) − x·r³/n·Σ(w·dy·x) and
     * dw = dy·x·r.
     *
     * @param dx 0 if not wanted
     * @param dWeight 0 if not wanted
     */
    public static void rmsNorm(long x, long weight, float epsilon, int width, long dy, long dx, long dWeight) {
        float r = RowKernels.inverseRms(x, width, epsilon);
        float pull = productSum(weight, dy, x, width) * r * r * r / width;
        int i = 0;
        for (; i <= width - LANES; i += LANES) {
            long at = 4L * i;
            FloatVector value = Simd.load(x + at);
            FloatVector d = Simd.load(dy + at);
            if (dx != 0) {
                FloatVector direct = Simd.load(weight + at).mul(d).mul(r);
                Simd.store(Simd.load(dx + at).add(direct).sub(value.mul(pull)), dx + at);
            }
            if (dWeight != 0) {
                Simd.store(Simd.load(dWeight + at).add(d.mul(value).mul(r)), dWeight + at);
            }
        }
        for (; i < width; i++) {
            long at = 4L * i;
            float value = Memory.f32(x + at);
            float d = Memory.f32(dy + at);
            if (dx != 0) {
                add(dx + at, Memory.f32(weight + at) * d * r - value * pull);
            }
            if (dWeight != 0) {
                add(dWeight + at, d * value * r);
            }
        }
    }

    /**
     * One group of a norm of mean and variance: with n = (x − mean)·r and g = w·dy, dx = r·(g − mean(g) − n·mean(g·n)),
     * dw = dy·n and db = dy.
     *
     * @param normed memory for {@code width} floats
     * @param dx 0 if not wanted, and so dWeight and dBias
     */
    public static void layerNorm(
            long x, long weight, float epsilon, int width, long dy, long normed, long dx, long dWeight, long dBias) {
        double sum = 0;
        for (int i = 0; i < width; i++) {
            sum += Memory.f32(x + 4L * i);
        }
        float mean = (float) (sum / width);
        for (int i = 0; i < width; i++) {
            Memory.f32(normed + 4L * i, Memory.f32(x + 4L * i) - mean);
        }
        float r = RowKernels.inverseRms(normed, width, epsilon);
        RowKernels.scale(normed, width, r);
        float meanG = RowKernels.dot(weight, dy, width) / width;
        float meanGn = productSum(weight, dy, normed, width) / width;
        for (int i = 0; i < width; i++) {
            long at = 4L * i;
            float n = Memory.f32(normed + at);
            float d = Memory.f32(dy + at);
            if (dx != 0) {
                add(dx + at, r * (Memory.f32(weight + at) * d - meanG - n * meanGn));
            }
            if (dWeight != 0) {
                add(dWeight + at, d * n);
            }
            if (dBias != 0) {
                add(dBias + at, d);
            }
        }
    }

    private static void add(long address, float value) {
        Memory.f32(address, Memory.f32(address) + value);
    }

    /** Σ a·b·c. */
    private static float productSum(long a, long b, long c, int n) {
        FloatVector sums = FloatVector.zero(F);
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            long at = 4L * i;
            sums = Simd.load(a + at).mul(Simd.load(b + at)).fma(Simd.load(c + at), sums);
        }
        float sum = Simd.sum(sums);
        for (; i < n; i++) {
            long at = 4L * i;
            sum += Memory.f32(a + at) * Memory.f32(b + at) * Memory.f32(c + at);
        }
        return sum;
    }

    /** y += a · b. */
    public static void addProduct(long a, long b, long y, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            long at = 4L * i;
            Simd.store(Simd.load(a + at).mul(Simd.load(b + at)).add(Simd.load(y + at)), y + at);
        }
        for (; i < n; i++) {
            long at = 4L * i;
            add(y + at, Memory.f32(a + at) * Memory.f32(b + at));
        }
    }

    /** The way back through {@link RowKernels#swiglu}. */
    public static void swiglu(long gate, long up, long dy, long dGate, long dUp, int from, int to) {
        int i = from;
        for (; i <= to - LANES; i += LANES) {
            long at = 4L * i;
            FloatVector g = Simd.load(gate + at);
            FloatVector d = Simd.load(dy + at);
            FloatVector sigmoid =
                    FloatVector.broadcast(F, 1f).div(Simd.exp(g.neg()).add(1f));
            FloatVector slope = sigmoid.mul(g.mul(sigmoid.neg().add(1f)).add(1f));
            Simd.store(Simd.load(dGate + at).add(d.mul(Simd.load(up + at)).mul(slope)), dGate + at);
            Simd.store(Simd.load(dUp + at).add(d.mul(g).mul(sigmoid)), dUp + at);
        }
        for (; i < to; i++) {
            long at = 4L * i;
            float g = Memory.f32(gate + at);
            float d = Memory.f32(dy + at);
            float sigmoid = 1 / (1 + Simd.exp(-g));
            add(dGate + at, d * Memory.f32(up + at) * sigmoid * (1 + g * (1 - sigmoid)));
            add(dUp + at, d * g * sigmoid);
        }
    }

    /**
     * The way back through {@link GeluKernel#gelu}.
     *
     * @param up 0 where the gate's GELU was the result; dUp is 0 then
     */
    public static void gelu(Gelu form, long gate, long up, long dy, long dGate, long dUp, int from, int to) {
        int i = from;
        for (; i <= to - LANES; i += LANES) {
            long at = 4L * i;
            FloatVector x = Simd.load(gate + at);
            FloatVector d = Simd.load(dy + at);
            FloatVector within = up == 0 ? d : d.mul(Simd.load(up + at));
            Simd.store(Simd.load(dGate + at).add(within.mul(slope(form, x))), dGate + at);
            if (dUp != 0) {
                Simd.store(Simd.load(dUp + at).add(d.mul(GeluKernel.gelu(form, x))), dUp + at);
            }
        }
        for (; i < to; i++) {
            long at = 4L * i;
            FloatVector x = FloatVector.broadcast(F, Memory.f32(gate + at));
            float d = Memory.f32(dy + at);
            add(
                    dGate + at,
                    (up == 0 ? d : d * Memory.f32(up + at)) * slope(form, x).lane(0));
            if (dUp != 0) {
                add(dUp + at, d * GeluKernel.gelu(form, x).lane(0));
            }
        }
    }

    /** The derivative: Φ(x) + x·φ(x), or that of the form with tanh. */
    private static FloatVector slope(Gelu form, FloatVector x) {
        FloatVector square = x.mul(x);
        if (form == Gelu.ERF) {
            FloatVector density = Simd.exp(square.mul(-0.5f)).mul(INVERSE_ROOT_2_PI);
            return GeluKernel.normal(x).add(x.mul(density));
        }
        FloatVector e = Simd.exp(square.mul(CUBE).add(1f).mul(x).mul(-ROOT_2_BY_PI_TWICE));
        FloatVector s = FloatVector.broadcast(F, 1f).div(e.add(1f));
        FloatVector inner = square.mul(3 * CUBE).add(1f).mul(ROOT_2_BY_PI_TWICE);
        return s.add(x.mul(s).mul(s.neg().add(1f)).mul(inner));
    }

    /** The way back through {@link RowKernels#softCapped}: dx += dy · (1 − (y / cap)²). */
    public static void softCap(long y, float cap, long dy, long dx, int from, int to) {
        int i = from;
        for (; i <= to - LANES; i += LANES) {
            long at = 4L * i;
            FloatVector t = Simd.load(y + at).mul(1 / cap);
            FloatVector slope = t.mul(t).neg().add(1f);
            Simd.store(Simd.load(dx + at).add(Simd.load(dy + at).mul(slope)), dx + at);
        }
        for (; i < to; i++) {
            long at = 4L * i;
            float t = Memory.f32(y + at) / cap;
            add(dx + at, Memory.f32(dy + at) * (1 - t * t));
        }
    }

    /** One row of attention: ds becomes p ∘ (ds − delta) · scale. */
    public static void attentionScores(long p, long ds, int n, float delta, float scale) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            long at = 4L * i;
            Simd.store(Simd.load(p + at).mul(Simd.load(ds + at).sub(delta)).mul(scale), ds + at);
        }
        for (; i < n; i++) {
            long at = 4L * i;
            Memory.f32(ds + at, Memory.f32(p + at) * (Memory.f32(ds + at) - delta) * scale);
        }
    }

    /** One row of capped scores: ds is multiplied by 1 − tanh²(scale · score / cap). */
    public static void capScores(long scores, long ds, int n, float scale, float cap) {
        for (int i = 0; i < n; i++) {
            long at = 4L * i;
            float t = (float) Math.tanh(scale * Memory.f32(scores + at) / cap);
            Memory.f32(ds + at, Memory.f32(ds + at) * (1 - t * t));
        }
    }

    /**
     * −log softmax(logits)[target] of one row.
     *
     * @param d gets weight · (softmax − one-hot), written, not added; may be the logits themselves
     */
    public static float crossEntropy(long logits, int n, int target, float weight, long d) {
        float wanted = Memory.f32(logits + 4L * target);
        if (d != logits) {
            Memory.copy(logits, d, 4L * n);
        }
        float loss = RowKernels.softmax(d, n, 1) - wanted;
        RowKernels.scale(d, n, weight);
        add(d + 4L * target, -weight);
        return loss;
    }

    /** log Σ exp of one row. */
    public static float logSumExp(long logits, int n) {
        FloatVector top = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            top = top.max(Simd.load(logits + 4L * i));
        }
        float max = top.reduceLanes(VectorOperators.MAX);
        for (; i < n; i++) {
            max = Math.max(max, Memory.f32(logits + 4L * i));
        }
        FloatVector sums = FloatVector.zero(F);
        for (i = 0; i <= n - LANES; i += LANES) {
            sums = sums.add(Simd.exp(Simd.load(logits + 4L * i).sub(max)));
        }
        float sum = Simd.sum(sums);
        for (; i < n; i++) {
            sum += Simd.exp(Memory.f32(logits + 4L * i) - max);
        }
        return max + (float) Math.log(sum);
    }
}
