package org.medley.runtime.tensor.kernel;

import static org.medley.runtime.tensor.kernel.Simd.F;
import static org.medley.runtime.tensor.kernel.Simd.LANES;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.medley.runtime.tensor.Memory;

/**
 * What optimizers do element by element, on elements {@code [from, to)} of F32 arrays. The elements that do not fill a
 * vector go through the same operations, none of them fused, so an element's result does not depend on where a range
 * begins or ends.
 */
public final class OptimizerKernels {
    private static final VectorSpecies<Double> D = VectorSpecies.of(double.class, F.vectorShape());

    private OptimizerKernels() {}

    /**
     * One step's constants of Adam (Kingma and Ba 2015, algorithm 1).
     *
     * @param scale what gradients are multiplied by first
     * @param unbias1 1 / (1 - beta1^step)
     * @param unbias2 1 / (1 - beta2^step)
     */
    public record Adam(float scale, float beta1, float beta2, float unbias1, float unbias2, float epsilon) {
        /** @param step counted from 1 */
        public static Adam at(int step, float scale, float beta1, float beta2, float epsilon) {
            return new Adam(scale, beta1, beta2, unbias(beta1, step), unbias(beta2, step), epsilon);
        }
    }

    /** What an average that began at zero with weight {@code beta} is multiplied by after {@code step} steps. */
    public static float unbias(float beta, int step) {
        return (float) (1 / (1 - Math.pow(beta, step)));
    }

    /** θ ← keep·θ − rate·u, where u is Adam's direction; the moments m and v go on. */
    public static void adamw(long p, long g, long m, long v, Adam adam, float rate, float keep, int from, int to) {
        int i = from;
        for (; i <= to - LANES; i += LANES) {
            long at = 4L * i;
            FloatVector u = direction(g + at, m + at, v + at, adam);
            Simd.store(Simd.load(p + at).mul(keep).sub(u.mul(rate)), p + at);
        }
        for (; i < to; i++) {
            long at = 4L * i;
            float u = direction1(g + at, m + at, v + at, adam);
            Memory.f32(p + at, Memory.f32(p + at) * keep - u * rate);
        }
    }

    /** Gradients g become factor times Adam's direction. */
    public static void adamDirection(long g, long m, long v, Adam adam, float factor, int from, int to) {
        int i = from;
        for (; i <= to - LANES; i += LANES) {
            long at = 4L * i;
            Simd.store(direction(g + at, m + at, v + at, adam).mul(factor), g + at);
        }
        for (; i < to; i++) {
            long at = 4L * i;
            Memory.f32(g + at, direction1(g + at, m + at, v + at, adam) * factor);
        }
    }

    private static FloatVector direction(long g, long m, long v, Adam adam) {
        FloatVector gradient = Simd.load(g).mul(adam.scale);
        FloatVector mean = Simd.load(m).mul(adam.beta1).add(gradient.mul(1 - adam.beta1));
        FloatVector square =
                Simd.load(v).mul(adam.beta2).add(gradient.mul(gradient).mul(1 - adam.beta2));
        Simd.store(mean, m);
        Simd.store(square, v);
        return mean.mul(adam.unbias1)
                .div(square.mul(adam.unbias2).lanewise(VectorOperators.SQRT).add(adam.epsilon));
    }

    /** The scalar twin of {@link #direction}. */
    private static float direction1(long g, long m, long v, Adam adam) {
        float gradient = Memory.f32(g) * adam.scale;
        float mean = Memory.f32(m) * adam.beta1 + gradient * (1 - adam.beta1);
        float square = Memory.f32(v) * adam.beta2 + gradient * gradient * (1 - adam.beta2);
        Memory.f32(m, mean);
        Memory.f32(v, square);
        return mean * adam.unbias1 / ((float) Math.sqrt(square * adam.unbias2) + adam.epsilon);
    }

    /**
     * One step's constants of Win and Win2 (Zhou, Xie and Yan 2023).
     *
     * @param decay weight decay
     * @param first whether x and y are still to be set to θ
     */
    public record Win(float rate, float decay, boolean first) {
        /** Steps of y and of θ over the rate, as published. */
        private static final float RECKLESS_Y = 2;

        private static final float RECKLESS_Z = 8;

        private float keepX() {
            return 1 / (1 + rate * decay);
        }

        private float keepY() {
            return 1 / (1 + RECKLESS_Y + RECKLESS_Y * rate * decay);
        }

        private float keepZ() {
            return 1 / (1 + RECKLESS_Z + RECKLESS_Z / RECKLESS_Y + RECKLESS_Z * rate * decay);
        }
    }

    /**
     * Win and Win2 around Adam's direction: x takes its step, y a longer one towards x, and with Win2 θ a longer one
     * still towards both; with Win, θ is y.
     *
     * @param y 0 for Win
     */
    public static void win(long p, long g, long m, long v, long x, long y, Adam adam, Win win, int from, int to) {
        float rateY = Win.RECKLESS_Y * win.rate;
        float rateZ = Win.RECKLESS_Z * win.rate;
        float keepX = win.keepX();
        float keepY = win.keepY();
        float keepZ = win.keepZ();
        long oldX = win.first ? p : x;
        long toY = y == 0 ? p : y;
        long oldY = win.first ? p : toY;
        int i = from;
        for (; i <= to - LANES; i += LANES) {
            long at = 4L * i;
            FloatVector u = direction(g + at, m + at, v + at, adam);
            FloatVector z = Simd.load(p + at);
            FloatVector nextX = Simd.load(oldX + at).sub(u.mul(win.rate)).mul(keepX);
            FloatVector nextY = Simd.load(oldY + at)
                    .add(nextX.mul(Win.RECKLESS_Y))
                    .sub(u.mul(rateY))
                    .mul(keepY);
            Simd.store(nextX, x + at);
            Simd.store(nextY, toY + at);
            if (y != 0) {
                FloatVector pull = nextX.mul(Win.RECKLESS_Z).add(nextY.mul(Win.RECKLESS_Z / Win.RECKLESS_Y));
                Simd.store(z.sub(u.mul(rateZ)).add(pull).mul(keepZ), p + at);
            }
        }
        for (; i < to; i++) {
            long at = 4L * i;
            float u = direction1(g + at, m + at, v + at, adam);
            float z = Memory.f32(p + at);
            float nextX = (Memory.f32(oldX + at) - u * win.rate) * keepX;
            float nextY = (Memory.f32(oldY + at) + nextX * Win.RECKLESS_Y - u * rateY) * keepY;
            Memory.f32(x + at, nextX);
            Memory.f32(toY + at, nextY);
            if (y != 0) {
                float pull = nextX * Win.RECKLESS_Z + nextY * (Win.RECKLESS_Z / Win.RECKLESS_Y);
                Memory.f32(p + at, (z - u * rateZ + pull) * keepZ);
            }
        }
    }

    /**
     * One step's constants of Adan (Xie et al. 2022), in the order with proximal decay.
     *
     * @param rateM rate / (1 - beta1^step)
     * @param rateV rate · beta2 / (1 - beta2^step)
     * @param unbias 1 / sqrt(1 - beta3^step)
     * @param keep 1 / (1 + rate · decay)
     * @param first whether there is no previous gradient yet
     */
    public record Adan(
            float scale,
            float beta1,
            float beta2,
            float beta3,
            float rateM,
            float rateV,
            float unbias,
            float epsilon,
            float keep,
            boolean first) {}

    /** Adan's step; {@code previous} holds the last gradient, already scaled, and gets this one. */
    public static void adan(long p, long g, long m, long v, long n, long previous, Adan adan, int from, int to) {
        float new1 = 1 - adan.beta1;
        float new2 = 1 - adan.beta2;
        float new3 = 1 - adan.beta3;
        int i = from;
        for (; i <= to - LANES; i += LANES) {
            long at = 4L * i;
            FloatVector gradient = Simd.load(g + at).mul(adan.scale);
            FloatVector change = adan.first ? FloatVector.zero(F) : gradient.sub(Simd.load(previous + at));
            FloatVector ahead = gradient.add(change.mul(adan.beta2));
            FloatVector nextM = Simd.load(m + at).mul(adan.beta1).add(gradient.mul(new1));
            FloatVector nextV = Simd.load(v + at).mul(adan.beta2).add(change.mul(new2));
            FloatVector nextN =
                    Simd.load(n + at).mul(adan.beta3).add(ahead.mul(ahead).mul(new3));
            Simd.store(nextM, m + at);
            Simd.store(nextV, v + at);
            Simd.store(nextN, n + at);
            Simd.store(gradient, previous + at);
            FloatVector step = nextM.mul(adan.rateM)
                    .add(nextV.mul(adan.rateV))
                    .div(nextN.lanewise(VectorOperators.SQRT).mul(adan.unbias).add(adan.epsilon));
            Simd.store(Simd.load(p + at).sub(step).mul(adan.keep), p + at);
        }
        for (; i < to; i++) {
            long at = 4L * i;
            float gradient = Memory.f32(g + at) * adan.scale;
            float change = adan.first ? 0 : gradient - Memory.f32(previous + at);
            float ahead = gradient + change * adan.beta2;
            float nextM = Memory.f32(m + at) * adan.beta1 + gradient * new1;
            float nextV = Memory.f32(v + at) * adan.beta2 + change * new2;
            float nextN = Memory.f32(n + at) * adan.beta3 + ahead * ahead * new3;
            Memory.f32(m + at, nextM);
            Memory.f32(v + at, nextV);
            Memory.f32(n + at, nextN);
            Memory.f32(previous + at, gradient);
            float step =
                    (nextM * adan.rateM + nextV * adan.rateV) / ((float) Math.sqrt(nextN) * adan.unbias + adan.epsilon);
            Memory.f32(p + at, (Memory.f32(p + at) - step) * adan.keep);
        }
    }

    /** m ← beta·m + (1−beta)·scale·g and θ ← keep·θ − rate·m. */
    public static void momentum(
            long p, long g, long m, float scale, float beta, float rate, float keep, int from, int to) {
        int i = from;
        for (; i <= to - LANES; i += LANES) {
            long at = 4L * i;
            FloatVector mean =
                    Simd.load(m + at).mul(beta).add(Simd.load(g + at).mul(scale).mul(1 - beta));
            Simd.store(mean, m + at);
            Simd.store(Simd.load(p + at).mul(keep).sub(mean.mul(rate)), p + at);
        }
        for (; i < to; i++) {
            long at = 4L * i;
            float mean = Memory.f32(m + at) * beta + Memory.f32(g + at) * scale * (1 - beta);
            Memory.f32(m + at, mean);
            Memory.f32(p + at, Memory.f32(p + at) * keep - mean * rate);
        }
    }

    /** e ← beta·e + (1−beta)·(x − sent). */
    public static void residual(long x, long sent, long e, float beta, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            long at = 4L * i;
            FloatVector lost = Simd.load(x + at).sub(Simd.load(sent + at));
            Simd.store(Simd.load(e + at).mul(beta).add(lost.mul(1 - beta)), e + at);
        }
        for (; i < n; i++) {
            long at = 4L * i;
            float lost = Memory.f32(x + at) - Memory.f32(sent + at);
            Memory.f32(e + at, Memory.f32(e + at) * beta + lost * (1 - beta));
        }
    }

    /** The sum of squares of n elements, in F64 and always in the same order. */
    public static double sumOfSquares(long x, int n) {
        DoubleVector low = DoubleVector.zero(D), high = low;
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector value = Simd.load(x + 4L * i);
            DoubleVector a = (DoubleVector) value.convertShape(VectorOperators.F2D, D, 0);
            DoubleVector b = (DoubleVector) value.convertShape(VectorOperators.F2D, D, 1);
            low = a.fma(a, low);
            high = b.fma(b, high);
        }
        double sum = 0;
        for (double lane : low.add(high).toArray()) {
            sum += lane;
        }
        for (; i < n; i++) {
            double value = Memory.f32(x + 4L * i);
            sum += value * value;
        }
        return sum;
    }
}
