package org.medley.training.optimizer;

import java.util.Arrays;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.kernel.RowKernels;

/**
 * Values in [-1, 1] or [0, 1] as eight bits (Dettmers et al. 2022, section 2.2): seven decades down to 1e-7, each
 * smaller one with half the steps, evenly spaced within a decade; beside them 0 and 1. The finest part is where most
 * values of a block normalised by its largest magnitude do not lie, so small ones keep their order of magnitude.
 */
final class DynamicMap {
    private static final int DECADES = 7;
    static final DynamicMap SIGNED = new DynamicMap(true);
    static final DynamicMap UNSIGNED = new DynamicMap(false);

    /** Bits of an F32 that pick where the search for its code begins: sign, exponent and eight of the mantissa. */
    private static final int SHIFT = 15;

    private final float[] values = new float[256];
    /** Entry i: at which value code i + 1 begins. */
    private final float[] middles = new float[255];
    /** The code of the value nearest to zero with these upper bits. */
    private final byte[] begin = new byte[1 << (32 - SHIFT)];

    private DynamicMap(boolean signed) {
        int count = 0;
        for (int decade = 0; decade < DECADES; decade++) {
            int steps = signed ? 1 << decade : 2 << decade;
            double unit = Math.pow(10, decade - (DECADES - 1));
            for (int i = 0; i < steps; i++) {
                double middle = 0.1 + 0.9 * (i + 0.5) / steps;
                values[count++] = (float) (unit * middle);
                if (signed) {
                    values[count++] = (float) (-unit * middle);
                }
            }
        }
        values[count++] = 0;
        values[count] = 1;
        Arrays.sort(values);
        for (int i = 0; i < middles.length; i++) {
            middles[i] = (values[i] + values[i + 1]) / 2;
        }
        for (int i = 0; i < begin.length; i++) {
            float value = Float.intBitsToFloat(i << SHIFT);
            int code = 0;
            while (code < 255 && !(value < middles[code])) {
                code++;
            }
            begin[i] = (byte) code;
        }
    }

    float value(int code) {
        return values[code];
    }

    /** The code of the nearest value; of two as near, the larger one's. */
    int code(float value) {
        int code = begin[Float.floatToRawIntBits(value) >>> SHIFT] & 0xff;
        while (code < 255 && value >= middles[code]) {
            code++;
        }
        while (code > 0 && value < middles[code - 1]) {
            code--;
        }
        return code;
    }

    /** y = scale · value of each of n codes. */
    void decode(long codes, float scale, long y, int n) {
        for (int i = 0; i < n; i++) {
            Memory.f32(y + 4L * i, values[Memory.i8(codes + i) & 0xff] * scale);
        }
    }

    /** The codes of n values over their largest magnitude, which is returned. */
    float encode(long x, long codes, int n) {
        float scale = RowKernels.absMax(x, n);
        for (int i = 0; i < n; i++) {
            float value = scale == 0 ? 0 : Memory.f32(x + 4L * i) / scale;
            Memory.i8(codes + i, (byte) code(value));
        }
        return scale;
    }
}
