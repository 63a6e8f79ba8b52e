package org.medley.training.parallel;

import java.lang.foreign.ValueLayout;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.kernel.RowKernels;

/**
 * A group of values as it is sent: one F32 scale, then each value over the scale, rounded to the nearest whole number of
 * {@code bits} with its sign, packed from the lowest bit on. The largest magnitude maps to 2^(bits−1) − 1, so that
 * codes are symmetric about 0.
 */
record GroupCode(int bits) {
    /** Bytes of n values. */
    int bytes(int n) {
        return Float.BYTES + (n * bits + 7) / 8;
    }

    /**
     * Packs n values.
     *
     * @param rounded scratch memory of n floats
     */
    void encode(long x, int n, long rounded, long message) {
        int top = (1 << (bits - 1)) - 1;
        float scale = RowKernels.absMax(x, n) / top;
        Memory.f32(message, scale);
        // A group of denormals has no scale that could be divided by; it is sent as zeros.
        float factor = scale < Float.MIN_NORMAL ? 0 : 1 / scale;
        RowKernels.rounded(x, factor, rounded, n);
        long out = message + Float.BYTES;
        int mask = (1 << bits) - 1;
        int held = 0;
        int count = 0;
        for (int i = 0; i < n; i++) {
            int code = Math.clamp((int) Memory.f32(rounded + 4L * i), -top, top);
            held |= (code & mask) << count;
            count += bits;
            while (count >= 8) {
                Memory.i8(out++, (byte) held);
                held >>>= 8;
                count -= 8;
            }
        }
        if (count > 0) {
            Memory.i8(out, (byte) held);
        }
    }

    /** Unpacks n values. */
    void decode(long message, int n, long y) {
        float scale = Memory.f32(message);
        long in = message + Float.BYTES;
        int held = 0;
        int count = 0;
        for (int i = 0; i < n; i++) {
            while (count < bits) {
                held |= (Memory.ALL.get(ValueLayout.JAVA_BYTE, in++) & 0xff) << count;
                count += 8;
            }
            int code = held << (32 - bits) >> (32 - bits);
            Memory.f32(y + 4L * i, code * scale);
            held >>>= bits;
            count -= bits;
        }
    }
}
