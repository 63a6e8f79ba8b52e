package org.medley.runtime.tensor.kernel;

import static org.medley.runtime.tensor.kernel.Simd.F;
import static org.medley.runtime.tensor.kernel.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.RopeTable;

/** Norms, rotations, activations and softmax: kernels that work on one row or element after the other. */
public final class RowKernels {
    private RowKernels() {}

    /** y = x / sqrt(mean(x²) + ε) · w over groups of {@code width} elements. */
    public static void rmsNorm(long x, long weight, float epsilon, int width, long y, int from, int to) {
        for (int row = from; row < to; row++) {
            long in = x + 4L * row * width;
            long out = y + 4L * row * width;
            float scale = inverseRms(in, width, epsilon);
            int i = 0;
            for (; i <= width - LANES; i += LANES) {
                long at = 4L * i;
                Simd.store(Simd.load(in + at).mul(scale).mul(Simd.load(weight + at)), out + at);
            }
            for (; i < width; i++) {
                Memory.f32(out + 4L * i, Memory.f32(in + 4L * i) * scale * Memory.f32(weight + 4L * i));
            }
        }
    }

    /**
     * y = (x - mean) / sqrt(variance + ε) · w + b over groups of {@code width} elements.
     *
     * @param bias 0 for none
     */
    public static void layerNorm(long x, long weight, long bias, float epsilon, int width, long y, int from, int to) {
        for (int row = from; row < to; row++) {
            long in = x + 4L * row * width;
            long out = y + 4L * row * width;
            float mean = sum(in, width) / width;
            shifted(in, -mean, out, width);
            float scale = inverseRms(out, width, epsilon);
            int i = 0;
            for (; i <= width - LANES; i += LANES) {
                long at = 4L * i;
                FloatVector normed = Simd.load(out + at).mul(scale).mul(Simd.load(weight + at));
                Simd.store(bias == 0 ? normed : normed.add(Simd.load(bias + at)), out + at);
            }
            for (; i < width; i++) {
                long at = 4L * i;
                float normed = Memory.f32(out + at) * scale * Memory.f32(weight + at);
                Memory.f32(out + at, bias == 0 ? normed : normed + Memory.f32(bias + at));
            }
        }
    }

    private static float sum(long x, int n) {
        FloatVector sums = FloatVector.zero(F);
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            sums = sums.add(Simd.load(x + 4L * i));
        }
        float sum = Simd.sum(sums);
        for (; i < n; i++) {
            sum += Memory.f32(x + 4L * i);
        }
        return sum;
    }

    private static void shifted(long x, float by, long y, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            Simd.store(Simd.load(x + 4L * i).add(by), y + 4L * i);
        }
        for (; i < n; i++) {
            Memory.f32(y + 4L * i, Memory.f32(x + 4L * i) + by);
        }
    }

    public static float inverseRms(long row, int width, float epsilon) {
        return (float) (1 / Math.sqrt(Dot.f32(row, row, width) / width + epsilon));
    }

    /**
     * Rotates pairs (i, i + half) of every head's turning part by the row's angle; {@code sign} -1 turns back. What is
     * behind that part is copied.
     */
    public static void rope(long x, int[] positions, RopeTable table, int cols, int sign, long y, int from, int to) {
        int half = table.pairs();
        int kept = table.headSize() - 2 * half;
        for (int row = from; row < to; row++) {
            for (int head = 0; head < cols; head += table.headSize()) {
                long in = x + 4L * ((long) row * cols + head);
                long out = y + 4L * ((long) row * cols + head);
                for (int i = 0; i < half; i++) {
                    float cos = table.cos(positions[row], i);
                    float sin = sign * table.sin(positions[row], i);
                    float a = Memory.f32(in + 4L * i);
                    float b = Memory.f32(in + 4L * (i + half));
                    Memory.f32(out + 4L * i, a * cos - b * sin);
                    Memory.f32(out + 4L * (i + half), b * cos + a * sin);
                }
                Memory.copy(in + 8L * half, out + 8L * half, 4L * kept);
            }
        }
    }

    /** y = silu(gate) · up. */
    public static void swiglu(long gate, long up, long y, int from, int to) {
        int i = from;
        for (; i <= to - LANES; i += LANES) {
            long at = 4L * i;
            FloatVector g = Simd.load(gate + at);
            FloatVector sigmoid =
                    FloatVector.broadcast(F, 1f).div(Simd.exp(g.neg()).add(1f));
            Simd.store(g.mul(sigmoid).mul(Simd.load(up + at)), y + at);
        }
        for (; i < to; i++) {
            float g = Memory.f32(gate + 4L * i);
            Memory.f32(y + 4L * i, g / (1 + Simd.exp(-g)) * Memory.f32(up + 4L * i));
        }
    }

    /**
     * y = x · factors + bias over rows of {@code width} elements.
     *
     * @param bias 0 for none
     */
    public static void columns(long x, long factors, long bias, int width, long y, int from, int to) {
        for (int row = from; row < to; row++) {
            long in = x + 4L * row * width;
            long out = y + 4L * row * width;
            int i = 0;
            for (; i <= width - LANES; i += LANES) {
                FloatVector scaled = Simd.load(in + 4L * i).mul(Simd.load(factors + 4L * i));
                Simd.store(bias == 0 ? scaled : scaled.add(Simd.load(bias + 4L * i)), out + 4L * i);
            }
            for (; i < width; i++) {
                float scaled = Memory.f32(in + 4L * i) * Memory.f32(factors + 4L * i);
                Memory.f32(out + 4L * i, bias == 0 ? scaled : scaled + Memory.f32(bias + 4L * i));
            }
        }
    }

    public static void scaled(long x, float factor, long y, int from, int to) {
        for (int i = from; i < to; i++) {
            Memory.f32(y + 4L * i, factor * Memory.f32(x + 4L * i));
        }
    }

    /** y = cap · tanh(x / cap). */
    public static void softCapped(long x, float cap, long y, int from, int to) {
        for (int i = from; i < to; i++) {
            Memory.f32(y + 4L * i, cap * (float) Math.tanh(Memory.f32(x + 4L * i) / cap));
        }
    }

    public static void add(long a, long b, long y, int from, int to) {
        int i = from;
        for (; i <= to - LANES; i += LANES) {
            long at = 4L * i;
            Simd.store(Simd.load(a + at).add(Simd.load(b + at)), y + at);
        }
        for (; i < to; i++) {
            Memory.f32(y + 4L * i, Memory.f32(a + 4L * i) + Memory.f32(b + 4L * i));
        }
    }

    /** y += scale · x over {@code n} elements. */
    public static void axpy(float scale, long x, long y, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            long at = 4L * i;
            Simd.store(Simd.load(x + at).mul(scale).add(Simd.load(y + at)), y + at);
        }
        for (; i < n; i++) {
            Memory.f32(y + 4L * i, scale * Memory.f32(x + 4L * i) + Memory.f32(y + 4L * i));
        }
    }

    public static float dot(long a, long b, int n) {
        return Dot.f32(a, b, n);
    }

    /** Replaces n scores by softmax(scale · scores) and returns log Σ exp(scale · score). */
    public static float softmax(long scores, int n, float scale) {
        FloatVector top = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            top = top.max(Simd.load(scores + 4L * i));
        }
        float max = top.reduceLanes(VectorOperators.MAX);
        for (; i < n; i++) {
            max = Math.max(max, Memory.f32(scores + 4L * i));
        }
        FloatVector sums = FloatVector.zero(F);
        for (i = 0; i <= n - LANES; i += LANES) {
            FloatVector e = Simd.exp(Simd.load(scores + 4L * i).sub(max).mul(scale));
            sums = sums.add(e);
            Simd.store(e, scores + 4L * i);
        }
        float sum = Simd.sum(sums);
        for (; i < n; i++) {
            float e = Simd.exp((Memory.f32(scores + 4L * i) - max) * scale);
            sum += e;
            Memory.f32(scores + 4L * i, e);
        }
        scale(scores, n, 1 / sum);
        return max * scale + (float) Math.log(sum);
    }

    /** Scores [from, to) of a row of {@code width} become their softmax, those outside 0. */
    static void attentionWeights(Attention attention, long row, int width, int from, int to) {
        float scale = attention.scale();
        if (attention.softCap() > 0) {
            softCap(row + 4L * from, to - from, scale, attention.softCap());
            scale = 1;
        }
        softmax(row + 4L * from, to - from, scale);
        Memory.zero(row, 4L * from);
        Memory.zero(row + 4L * to, 4L * (width - to));
    }

    /** Scores become {@code cap · tanh(scale · score / cap)}. */
    private static void softCap(long scores, int n, float scale, float cap) {
        for (int i = 0; i < n; i++) {
            float score = Memory.f32(scores + 4L * i);
            Memory.f32(scores + 4L * i, cap * (float) Math.tanh(scale * score / cap));
        }
    }

    /** The largest magnitude of n elements, 0 for none. */
    public static float absMax(long x, int n) {
        FloatVector top = FloatVector.zero(F);
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            top = top.max(Simd.load(x + 4L * i).abs());
        }
        float max = top.reduceLanes(VectorOperators.MAX);
        for (; i < n; i++) {
            max = Math.max(max, Math.abs(Memory.f32(x + 4L * i)));
        }
        return max;
    }

    /** y = factor · x, rounded to the nearest whole number, ties to even; products must be below 2²². */
    public static void rounded(long x, float factor, long y, int n) {
        float magic = 12582912f; // 3·2²²: adding it leaves no bits behind the point
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            long at = 4L * i;
            Simd.store(Simd.load(x + at).mul(factor).add(magic).sub(magic), y + at);
        }
        for (; i < n; i++) {
            Memory.f32(y + 4L * i, Memory.f32(x + 4L * i) * factor + magic - magic);
        }
    }

    public static void scale(long x, int n, float factor) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            Simd.store(Simd.load(x + 4L * i).mul(factor), x + 4L * i);
        }
        for (; i < n; i++) {
            Memory.f32(x + 4L * i, Memory.f32(x + 4L * i) * factor);
        }
    }
}
