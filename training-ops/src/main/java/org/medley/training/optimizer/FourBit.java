package org.medley.training.optimizer;

import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.kernel.RowKernels;

/**
 * Rows in four bits an element, two elements a byte, the earlier one in the lower half: blocks of 64 over their largest
 * magnitude, on the linear square map (Wang et al. 2024, equation 3): sixteen points from -1 to 1, evenly spaced and
 * then squared keeping their sign, with 0 in place of the eighth. Blocks do not cross rows.
 */
final class FourBit {
    static final int BLOCK = 64;

    private static final float[] VALUES = new float[16];
    /** Entry i: at which value code i + 1 begins. */
    private static final float[] MIDDLES = new float[15];

    static {
        for (int code = 0; code < 16; code++) {
            double linear = -1 + 2 * code / 15.0;
            VALUES[code] = code == 7 ? 0 : (float) (linear * Math.abs(linear));
        }
        for (int code = 0; code < 15; code++) {
            MIDDLES[code] = (VALUES[code] + VALUES[code + 1]) / 2;
        }
    }

    private FourBit() {}

    /** Bytes of codes of a row. */
    static int codes(int cols) {
        return (cols + 1) / 2;
    }

    /** Scales of a row. */
    static int scales(int cols) {
        return (cols + BLOCK - 1) / BLOCK;
    }

    static float value(int code) {
        return VALUES[code];
    }

    /** The code of the nearest value; of two as near, the larger one's. */
    static int code(float value) {
        int code = value >= MIDDLES[7] ? 8 : 0;
        code += value >= MIDDLES[code + 3] ? 4 : 0;
        code += value >= MIDDLES[code + 1] ? 2 : 0;
        return code + (value >= MIDDLES[code] ? 1 : 0);
    }

    /** Stores a row of n values. */
    static void encode(long x, int n, long codes, long scales) {
        for (int from = 0; from < n; from += BLOCK) {
            int to = Math.min(n, from + BLOCK);
            float scale = RowKernels.absMax(x + 4L * from, to - from);
            Memory.f32(scales + 4L * (from / BLOCK), scale);
            for (int i = from; i < to; i += 2) {
                int low = code(over(x, i, scale));
                int high = i + 1 < to ? code(over(x, i + 1, scale)) : 0;
                Memory.i8(codes + i / 2, (byte) (low | high << 4));
            }
        }
    }

    private static float over(long x, int i, float scale) {
        return scale == 0 ? 0 : Memory.f32(x + 4L * i) / scale;
    }

    /** Reads a row of n values. */
    static void decode(long codes, long scales, int n, long y) {
        for (int i = 0; i < n; i++) {
            int pair = Memory.i8(codes + i / 2);
            float value = VALUES[(i % 2 == 0 ? pair : pair >> 4) & 15];
            Memory.f32(y + 4L * i, value * Memory.f32(scales + 4L * (i / BLOCK)));
        }
    }
}
