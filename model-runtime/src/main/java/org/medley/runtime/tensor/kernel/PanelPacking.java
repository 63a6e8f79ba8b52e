package org.medley.runtime.tensor.kernel;

import static org.medley.runtime.tensor.kernel.Panels.WIDTH;

import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Tensor;

/** Writes rows of a stored matrix into their places in a panel. */
final class PanelPacking {
    private PanelPacking() {}

    /** @param lane which of the panel's rows it becomes */
    static void row(Tensor matrix, int row, long panel, int lane) {
        int k = matrix.cols();
        long source = matrix.address() + row * matrix.dtype().bytes(k);
        switch (PanelFormat.of(matrix.dtype())) {
            case F32 -> {
                for (int p = 0; p < k; p++) {
                    Memory.f32(panel + 4L * (p * WIDTH + lane), Memory.f32(source + 4L * p));
                }
            }
            case BF16 -> {
                for (int p = 0; p < k; p++) {
                    Memory.i16(panel + 2L * (p * WIDTH + lane), Memory.i16(source + 2L * p));
                }
            }
            case F16 -> {
                for (int p = 0; p < k; p++) {
                    Memory.i16(panel + 2L * (p * WIDTH + lane), finite(source + 2L * p));
                }
            }
            case I8 -> q8(source, k, panel, lane);
            default -> throw new IllegalStateException("no packing of " + matrix.dtype());
        }
    }

    private static void q8(long source, int k, long panel, int lane) {
        for (int block = 0; block < k / 32; block++) {
            long from = source + 34L * block;
            long to = panel + (long) PanelFormat.I8.groupBytes() * block;
            Memory.i16(to + 2L * lane, finite(from));
            long codes = to + 2L * WIDTH + lane;
            for (int p = 0; p < 32; p++) {
                Memory.i8(codes + (long) p * WIDTH, Memory.i8(from + 2 + p));
            }
        }
    }

    /** An F16 as it is stored; kernels do not know infinities and NaN, which are no weights. */
    private static short finite(long address) {
        short bits = Memory.i16(address);
        if ((bits & 0x7c00) == 0x7c00) {
            throw new IllegalArgumentException("a weight or scale is " + Float.float16ToFloat(bits));
        }
        return bits;
    }
}
