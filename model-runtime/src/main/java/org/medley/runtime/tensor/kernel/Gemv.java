package org.medley.runtime.tensor.kernel;

import static org.medley.runtime.tensor.kernel.Panels.WIDTH;
import static org.medley.runtime.tensor.kernel.Simd.F;
import static org.medley.runtime.tensor.kernel.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import org.medley.runtime.tensor.Memory;

/**
 * One row of activations against a panel, straight from its stored form: what memory delivers is multiplied as it comes.
 * Every output is summed in the order of {@link Gemm}'s tile, products chained over a chunk of columns and chunks added
 * one after the other, so that a token's result is the same to the bit alone and in a batch.
 *
 * <p>The methods are kept small and nested two loops deep at most; beyond that C2 boxes the accumulators.
 */
final class Gemv {
    private static final int PAIR = 2 * LANES;

    private Gemv() {}

    /** Whether there is a kernel for the format; the others are decoded and go through the tile. */
    static boolean direct(PanelFormat format) {
        return switch (format) {
            case F32, BF16, F16, I8, I4 -> true;
            case I8_FINE, I8_AFFINE, I4_AFFINE, F8, F8_FINE -> false;
        };
    }

    /**
     * The first row of a tile over one chunk of a panel.
     *
     * @param chunk where the chunk's first group lies
     * @param scales room for {@link Gemm#KC} floats
     */
    static void chunk(PanelFormat format, long chunk, long x, int kc, long scales, float[] tile) {
        if (format.scaleBytes > 0) {
            scales(chunk, kc / format.group, format.groupBytes(), scales);
        }
        for (int j = 0; j < WIDTH; j += PAIR) {
            switch (format) {
                case F32 -> f32(chunk + 4L * j, x, kc, tile, j);
                case BF16 -> bf16(chunk + 2L * j, x, kc, tile, j);
                case F16 -> f16(chunk + 2L * j, x, kc, tile, j);
                case I8 -> i8(chunk + 2L * WIDTH + j, scales + 4L * j, x, kc, tile, j);
                case I4 -> i4(chunk + 2L * WIDTH + j, scales + 4L * j, x, kc, tile, j);
                default -> throw new IllegalArgumentException("no direct kernel for " + format);
            }
        }
    }

    private static void scales(long panel, int groups, int groupBytes, long out) {
        for (int group = 0; group < groups; group++) {
            for (int j = 0; j < WIDTH; j += LANES) {
                Simd.store(Simd.f16(panel + 2L * j), out + 4L * j);
            }
            panel += groupBytes;
            out += 4L * WIDTH;
        }
    }

    private static void f32(long w, long x, int k, float[] tile, int j) {
        FloatVector c0 = FloatVector.zero(F), c1 = FloatVector.zero(F);
        for (int p = 0; p < k; p++) {
            FloatVector value = FloatVector.broadcast(F, Memory.f32(x));
            c0 = value.fma(Simd.load(w), c0);
            c1 = value.fma(Simd.load(w + 4L * LANES), c1);
            w += 4L * WIDTH;
            x += 4;
        }
        c0.intoArray(tile, j);
        c1.intoArray(tile, j + LANES);
    }

    private static void bf16(long w, long x, int k, float[] tile, int j) {
        FloatVector c0 = FloatVector.zero(F), c1 = FloatVector.zero(F);
        for (int p = 0; p < k; p++) {
            FloatVector value = FloatVector.broadcast(F, Memory.f32(x));
            c0 = value.fma(Simd.bf16(w), c0);
            c1 = value.fma(Simd.bf16(w + 2L * LANES), c1);
            w += 2L * WIDTH;
            x += 4;
        }
        c0.intoArray(tile, j);
        c1.intoArray(tile, j + LANES);
    }

    private static void f16(long w, long x, int k, float[] tile, int j) {
        FloatVector c0 = FloatVector.zero(F), c1 = FloatVector.zero(F);
        for (int p = 0; p < k; p++) {
            FloatVector value = FloatVector.broadcast(F, Memory.f32(x));
            c0 = value.fma(Simd.f16(w), c0);
            c1 = value.fma(Simd.f16(w + 2L * LANES), c1);
            w += 2L * WIDTH;
            x += 4;
        }
        c0.intoArray(tile, j);
        c1.intoArray(tile, j + LANES);
    }

    private static void i8(long w, long scales, long x, int k, float[] tile, int j) {
        FloatVector c0 = FloatVector.zero(F), c1 = FloatVector.zero(F);
        for (int g = 0; g < k; g += 32) {
            FloatVector s0 = Simd.load(scales);
            FloatVector s1 = Simd.load(scales + 4L * LANES);
            for (int p = 0; p < 32; p++) {
                FloatVector value = FloatVector.broadcast(F, Memory.f32(x));
                c0 = value.fma(Simd.toFloat(Simd.bytes(w, 0)).mul(s0), c0);
                c1 = value.fma(Simd.toFloat(Simd.bytes(w, 1)).mul(s1), c1);
                w += WIDTH;
                x += 4;
            }
            w += 2L * WIDTH;
            scales += 4L * WIDTH;
        }
        c0.intoArray(tile, j);
        c1.intoArray(tile, j + LANES);
    }

    private static void i4(long w, long scales, long x, int k, float[] tile, int j) {
        FloatVector c0 = FloatVector.zero(F), c1 = FloatVector.zero(F);
        for (int g = 0; g < k; g += 32) {
            FloatVector s0 = Simd.load(scales);
            FloatVector s1 = Simd.load(scales + 4L * LANES);
            for (int p = 0; p < 16; p++) {
                IntVector b0 = Simd.bytes(w, 0);
                IntVector b1 = Simd.bytes(w, 1);
                FloatVector value = FloatVector.broadcast(F, Memory.f32(x));
                c0 = value.fma(PanelDecode.low(b0).mul(s0), c0);
                c1 = value.fma(PanelDecode.low(b1).mul(s1), c1);
                value = FloatVector.broadcast(F, Memory.f32(x + 4));
                c0 = value.fma(PanelDecode.high(b0).mul(s0), c0);
                c1 = value.fma(PanelDecode.high(b1).mul(s1), c1);
                w += WIDTH;
                x += 8;
            }
            w += 2L * WIDTH;
            scales += 4L * WIDTH;
        }
        c0.intoArray(tile, j);
        c1.intoArray(tile, j + LANES);
    }
}
