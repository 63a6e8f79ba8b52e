package org.medley.runtime.tensor.kernel;

import static org.medley.runtime.tensor.kernel.Panels.WIDTH;
import static org.medley.runtime.tensor.kernel.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.medley.runtime.tensor.Memory;

/** Columns of a stored panel as F32 [columns][WIDTH], what the matrix tile multiplies from. */
final class PanelDecode {
    private static final int PAIR = 2 * LANES;

    private PanelDecode() {}

    /** @param first a column at which a group begins */
    static void decode(PanelFormat format, long panel, int first, int count, long out) {
        long at = panel + (long) (first / format.group) * format.groupBytes();
        switch (format) {
            case F32 -> Memory.copy(at, out, 4L * count * WIDTH);
            case BF16 -> bf16(at, count * WIDTH, out);
            case F16 -> f16(at, count * WIDTH, out);
            default -> {
                for (int column = 0; column < count; column += format.group) {
                    int columns = Math.min(format.group, count - column);
                    long codes = at + (long) WIDTH * format.scaleBytes;
                    long target = out + 4L * column * WIDTH;
                    for (int j = 0; j < WIDTH; j += PAIR) {
                        group(format, at, codes, j, columns, target + 4L * j);
                    }
                    at += format.groupBytes();
                }
            }
        }
    }

    private static void group(PanelFormat format, long scales, long codes, int j, int columns, long out) {
        switch (format) {
            case I8 -> scaled(Simd.f16(scales + 2L * j), Simd.f16(scales + 2L * (j + LANES)), codes + j, columns, out);
            case I8_FINE ->
                scaled(Simd.load(scales + 4L * j), Simd.load(scales + 4L * (j + LANES)), codes + j, columns, out);
            case I4 -> nibbles(Simd.f16(scales + 2L * j), Simd.f16(scales + 2L * (j + LANES)), codes + j, columns, out);
            case I8_AFFINE -> affine(scales + 4L * j, codes + j, columns, out);
            case I4_AFFINE -> affineNibbles(scales + 4L * j, codes + j, columns, out);
            case F8, F8_FINE -> e4m3(scales + 4L * j, codes + j, columns, out);
            case F32, BF16, F16 -> throw new IllegalArgumentException(format + " has no groups");
        }
    }

    private static void bf16(long at, int count, long out) {
        for (int i = 0; i < count; i += LANES) {
            Simd.store(Simd.bf16(at + 2L * i), out + 4L * i);
        }
    }

    private static void f16(long at, int count, long out) {
        for (int i = 0; i < count; i += LANES) {
            Simd.store(Simd.f16(at + 2L * i), out + 4L * i);
        }
    }

    private static void scaled(FloatVector s0, FloatVector s1, long codes, int columns, long out) {
        for (int p = 0; p < columns; p++) {
            Simd.store(Simd.toFloat(Simd.bytes(codes, 0)).mul(s0), out);
            Simd.store(Simd.toFloat(Simd.bytes(codes, 1)).mul(s1), out + 4L * LANES);
            codes += WIDTH;
            out += 4L * WIDTH;
        }
    }

    private static void nibbles(FloatVector s0, FloatVector s1, long codes, int columns, long out) {
        for (int p = 0; p < columns; p += 2) {
            IntVector b0 = Simd.bytes(codes, 0);
            IntVector b1 = Simd.bytes(codes, 1);
            Simd.store(low(b0).mul(s0), out);
            Simd.store(low(b1).mul(s1), out + 4L * LANES);
            Simd.store(high(b0).mul(s0), out + 4L * WIDTH);
            Simd.store(high(b1).mul(s1), out + 4L * (WIDTH + LANES));
            codes += WIDTH;
            out += 8L * WIDTH;
        }
    }

    /** The lower four bits less 8. */
    static FloatVector low(IntVector bytes) {
        return Simd.toFloat(bytes.and(15).sub(8));
    }

    /** The upper four bits less 8. */
    static FloatVector high(IntVector bytes) {
        return Simd.toFloat(bytes.lanewise(VectorOperators.LSHR, 4).and(15).sub(8));
    }

    private static void affine(long scales, long codes, int columns, long out) {
        FloatVector s0 = Simd.load(scales);
        FloatVector s1 = Simd.load(scales + 4L * LANES);
        FloatVector m0 = Simd.load(scales + 4L * WIDTH);
        FloatVector m1 = Simd.load(scales + 4L * (WIDTH + LANES));
        for (int p = 0; p < columns; p++) {
            Simd.store(Simd.toFloat(Simd.bytes(codes, 0)).mul(s0).sub(m0), out);
            Simd.store(Simd.toFloat(Simd.bytes(codes, 1)).mul(s1).sub(m1), out + 4L * LANES);
            codes += WIDTH;
            out += 4L * WIDTH;
        }
    }

    private static void affineNibbles(long scales, long codes, int columns, long out) {
        FloatVector s0 = Simd.load(scales);
        FloatVector s1 = Simd.load(scales + 4L * LANES);
        FloatVector m0 = Simd.load(scales + 4L * WIDTH);
        FloatVector m1 = Simd.load(scales + 4L * (WIDTH + LANES));
        for (int p = 0; p < columns; p += 2) {
            IntVector b0 = Simd.bytes(codes, 0);
            IntVector b1 = Simd.bytes(codes, 1);
            Simd.store(Simd.toFloat(b0.and(15)).mul(s0).sub(m0), out);
            Simd.store(Simd.toFloat(b1.and(15)).mul(s1).sub(m1), out + 4L * LANES);
            IntVector h0 = b0.lanewise(VectorOperators.LSHR, 4).and(15);
            IntVector h1 = b1.lanewise(VectorOperators.LSHR, 4).and(15);
            Simd.store(Simd.toFloat(h0).mul(s0).sub(m0), out + 4L * WIDTH);
            Simd.store(Simd.toFloat(h1).mul(s1).sub(m1), out + 4L * (WIDTH + LANES));
            codes += WIDTH;
            out += 8L * WIDTH;
        }
    }

    private static void e4m3(long scales, long codes, int columns, long out) {
        FloatVector s0 = Simd.load(scales);
        FloatVector s1 = Simd.load(scales + 4L * LANES);
        for (int p = 0; p < columns; p++) {
            Simd.store(Simd.e4m3(codes, 0).mul(s0), out);
            Simd.store(Simd.e4m3(codes, 1).mul(s1), out + 4L * LANES);
            codes += WIDTH;
            out += 4L * WIDTH;
        }
    }
}
