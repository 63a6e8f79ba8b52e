package org.medley.runtime.tensor.kernel;

import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Memory;

/** y = x·wᵀ for few rows of x: each weight row is read once, straight from its stored form. */
public final class Gemv {
    /** Up to this many tokens reading weights row by row beats packing them. */
    public static final int MAX_ROWS = 4;

    private Gemv() {}

    public static void linear(int m, int n, int k, long x, DType dtype, long w, long y) {
        long rowBytes = dtype.bytes(k);
        int grain = Math.max(1, 32_768 / k);
        Workers.ranges(n, grain, (from, to) -> {
            for (int j = from; j < to; j++) {
                long row = w + j * rowBytes;
                for (int i = 0; i < m; i++) {
                    Memory.f32(y + 4L * ((long) i * n + j), Decode.dot(dtype, row, x + 4L * i * k, k));
                }
            }
        });
    }
}
