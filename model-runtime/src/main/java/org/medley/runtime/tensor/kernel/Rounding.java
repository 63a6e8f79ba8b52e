package org.medley.runtime.tensor.kernel;

import static org.medley.runtime.tensor.kernel.Simd.F;
import static org.medley.runtime.tensor.kernel.Simd.I;
import static org.medley.runtime.tensor.kernel.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.medley.runtime.tensor.Memory;

/**
 * Replaces F32 values by the nearest ones that a smaller format has, ties to even, so that arithmetic of hardware that
 * has the format can be repeated bit for bit on hardware that has not. What is beyond a format's largest value becomes
 * that; NaN stays NaN.
 */
public final class Rounding {
    private static final ThreadLocal<Scratch> SCALES = Scratch.perThread();

    private Rounding() {}

    /**
     * A binary floating-point format without infinities.
     *
     * @param mantissa bits behind the leading one
     * @param least the smallest normal value, a power of two
     * @param quantum distance of the values below it
     * @param max largest value
     */
    public record Format(String name, int mantissa, float least, float quantum, float max) {
        public static final Format E4M3 = new Format("E4M3", 3, 0x1p-6f, 0x1p-9f, 448);
        public static final Format E5M2 = new Format("E5M2", 2, 0x1p-14f, 0x1p-16f, 57_344);
        /** Four bits: 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives. */
        public static final Format E2M1 = new Format("E2M1", 1, 1, 0.5f, 6);
    }

    /** How a tile's largest magnitude becomes the factor that its values are divided by. */
    @FunctionalInterface
    public interface Scale {
        /** @param largest magnitude, at least 0 */
        float of(float largest);
    }

    /** To BF16 and back. */
    public static void bf16(long x, long y, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector value = Simd.load(x + 4L * i);
            IntVector bits = value.reinterpretAsInts();
            IntVector odd = bits.lanewise(VectorOperators.LSHR, 16).and(1);
            FloatVector rounded = bits.add(odd).add(0x7fff).and(0xffff0000).reinterpretAsFloats();
            Simd.store(rounded.blend(value, value.test(VectorOperators.IS_NAN)), y + 4L * i);
        }
        for (; i < n; i++) {
            float value = Memory.f32(x + 4L * i);
            boolean nan = Float.isNaN(value);
            Memory.f32(y + 4L * i, nan ? value : Float.intBitsToFloat(Memory.toBf16(value) << 16));
        }
    }

    /** One value, to the nearest. */
    public static float nearest(Format format, float value) {
        return rounded(format, 0, 0, FloatVector.broadcast(F, value)).lane(0);
    }

    public static float largest(long x, int n) {
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

    /**
     * Rounds a row-major matrix in tiles, each divided by a scale of its own first and multiplied by it again.
     *
     * @param key of the random numbers by which values are rounded up or down in proportion to their distance; 0 for
     *     nearest
     * @param y where the result goes; may be {@code x}
     */
    public static void tiles(
            Format format, Scale scale, int blockRows, int blockCols, int key, long x, int rows, int cols, long y) {
        Workers.run(Math.ceilDiv(rows, blockRows), strip -> {
            int from = strip * blockRows;
            int count = Math.min(blockRows, rows - from);
            if (blockCols == 1 && blockRows > 1) {
                columns(format, scale, key, x, from, count, cols, y);
                return;
            }
            for (int col = 0; col < cols; col += blockCols) {
                int width = Math.min(blockCols, cols - col);
                float max = 0;
                for (int row = from; row < from + count; row++) {
                    max = Math.max(max, largest(x + 4L * ((long) row * cols + col), width));
                }
                float s = scale.of(max);
                for (int row = from; row < from + count; row++) {
                    long at = (long) row * cols + col;
                    piece(format, s, key, at, x + 4 * at, width, y + 4 * at);
                }
            }
        });
    }

    private static void piece(Format format, float scale, int key, long index, long x, int n, long y) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector value = Simd.load(x + 4L * i).div(scale);
            Simd.store(rounded(format, key, index + i, value).mul(scale), y + 4L * i);
        }
        for (; i < n; i++) {
            FloatVector value = FloatVector.broadcast(F, Memory.f32(x + 4L * i) / scale);
            Memory.f32(y + 4L * i, rounded(format, key, index + i, value).lane(0) * scale);
        }
    }

    /** One strip of rows in which each column has a scale. */
    private static void columns(Format format, Scale scale, int key, long x, int from, int count, int cols, long y) {
        long scales = SCALES.get().floats(cols);
        long first = (long) from * cols;
        Memory.zero(scales, 4L * cols);
        for (int row = 0; row < count; row++) {
            long at = x + 4 * (first + (long) row * cols);
            int i = 0;
            for (; i <= cols - LANES; i += LANES) {
                FloatVector top = Simd.load(scales + 4L * i);
                Simd.store(top.max(Simd.load(at + 4L * i).abs()), scales + 4L * i);
            }
            for (; i < cols; i++) {
                float value = Math.abs(Memory.f32(at + 4L * i));
                Memory.f32(scales + 4L * i, Math.max(Memory.f32(scales + 4L * i), value));
            }
        }
        for (int i = 0; i < cols; i++) {
            Memory.f32(scales + 4L * i, scale.of(Memory.f32(scales + 4L * i)));
        }
        for (int row = 0; row < count; row++) {
            long index = first + (long) row * cols;
            int i = 0;
            for (; i <= cols - LANES; i += LANES) {
                FloatVector s = Simd.load(scales + 4L * i);
                FloatVector value = Simd.load(x + 4 * (index + i)).div(s);
                Simd.store(rounded(format, key, index + i, value).mul(s), y + 4 * (index + i));
            }
            for (; i < cols; i++) {
                float s = Memory.f32(scales + 4L * i);
                FloatVector value = FloatVector.broadcast(F, Memory.f32(x + 4 * (index + i)) / s);
                Memory.f32(
                        y + 4 * (index + i),
                        rounded(format, key, index + i, value).lane(0) * s);
            }
        }
    }

    /** @param index of the first lane in its tensor */
    private static FloatVector rounded(Format format, int key, long index, FloatVector value) {
        FloatVector v = value.min(format.max).max(-format.max);
        int dropped = 23 - format.mantissa;
        IntVector bits = v.reinterpretAsInts();
        IntVector noise;
        FloatVector small;
        if (key == 0) {
            noise = bits.lanewise(VectorOperators.LSHR, dropped).and(1).add((1 << dropped - 1) - 1);
            // Adding and taking away so much leaves whole quanta: 1.5 · 2^23 of them have no room for parts.
            float shift = 1.5f * 0x1p23f * format.quantum;
            small = v.add(shift).sub(shift);
        } else {
            IntVector random = random(key, index);
            noise = random.lanewise(VectorOperators.LSHR, 32 - dropped);
            FloatVector share =
                    Simd.toFloat(random.lanewise(VectorOperators.LSHR, 8)).mul(0x1p-24f);
            small = floor(v.div(format.quantum).add(share)).mul(format.quantum);
        }
        FloatVector normal = bits.add(noise).and(-1 << dropped).reinterpretAsFloats();
        FloatVector rounded = normal.blend(small, v.abs().compare(VectorOperators.LT, format.least));
        return rounded.min(format.max).max(-format.max).blend(value, value.test(VectorOperators.IS_NAN));
    }

    /** Of values that are small beside 2^23. */
    private static FloatVector floor(FloatVector x) {
        FloatVector near = x.add(0x1.8p23f).sub(0x1.8p23f);
        return near.blend(near.sub(1f), near.compare(VectorOperators.GT, x));
    }

    /** A hash of key and index (the finalizer of MurmurHash3), one per lane. */
    private static IntVector random(int key, long index) {
        IntVector h = IntVector.broadcast(I, (int) index)
                .addIndex(1)
                .lanewise(VectorOperators.XOR, key)
                .mul(0x9E3779B1);
        h = h.lanewise(VectorOperators.XOR, h.lanewise(VectorOperators.LSHR, 16))
                .mul(0x85EBCA6B);
        h = h.lanewise(VectorOperators.XOR, h.lanewise(VectorOperators.LSHR, 13))
                .mul(0xC2B2AE35);
        return h.lanewise(VectorOperators.XOR, h.lanewise(VectorOperators.LSHR, 16));
    }

    /**
     * Multiplies each group of 16 rows by a Hadamard matrix with random signs, divided by 4, so that products over rows
     * of two matrices treated so stay what they are while outliers are spread out. Rows that do not fill a group stay.
     *
     * @param signs 16 bits: which rows change their sign first
     */
    public static void hadamard(long x, int rows, int cols, int signs, long y) {
        Workers.run(Math.ceilDiv(rows, 16), group -> {
            long at = 4L * group * 16 * cols;
            if (rows - group * 16 < 16) {
                if (x != y) {
                    Memory.copy(x + at, y + at, 4L * (rows - group * 16) * cols);
                }
                return;
            }
            for (int row = 0; row < 16; row++) {
                float factor = (signs >> row & 1) == 0 ? 0.25f : -0.25f;
                RowKernels.scaled(x + at, factor, y + at, row * cols, (row + 1) * cols);
            }
            for (int step = 1; step < 16; step *= 2) {
                for (int row = 0; row < 16; row++) {
                    if ((row & step) == 0) {
                        butterfly(y + at + 4L * row * cols, y + at + 4L * (row + step) * cols, cols);
                    }
                }
            }
        });
    }

    private static void butterfly(long a, long b, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector left = Simd.load(a + 4L * i);
            FloatVector right = Simd.load(b + 4L * i);
            Simd.store(left.add(right), a + 4L * i);
            Simd.store(left.sub(right), b + 4L * i);
        }
        for (; i < n; i++) {
            float left = Memory.f32(a + 4L * i);
            float right = Memory.f32(b + 4L * i);
            Memory.f32(a + 4L * i, left + right);
            Memory.f32(b + 4L * i, left - right);
        }
    }
}
