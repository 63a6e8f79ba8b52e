package org.medley.runtime.tensor.kernel;

import static org.medley.runtime.tensor.kernel.Panels.WIDTH;

import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Tensor;

/** Writes rows of a stored matrix into their places in a panel. Block formats lie as ggml defines them. */
final class PanelPacking {
    private static final int SUPER = 256;

    private PanelPacking() {}

    /** @param lane which of the panel's rows it becomes */
    static void row(Tensor matrix, int row, long panel, int lane) {
        int k = matrix.cols();
        long source = matrix.address() + row * matrix.dtype().bytes(k);
        PanelFormat format = PanelFormat.of(matrix);
        switch (format) {
            case F32 -> {
                for (int p = 0; p < k; p++) {
                    Memory.f32(panel + 4L * (p * WIDTH + lane), finite(matrix.get((long) row * k + p)));
                }
            }
            case BF16 -> {
                for (int p = 0; p < k; p++) {
                    Memory.i16(panel + 2L * (p * WIDTH + lane), Memory.i16(source + 2L * p));
                }
            }
            case F16 -> {
                for (int p = 0; p < k; p++) {
                    finite(Memory.f16(source + 2L * p));
                    Memory.i16(panel + 2L * (p * WIDTH + lane), Memory.i16(source + 2L * p));
                }
            }
            case I8 -> q8(source, k, panel, lane);
            case I4 -> q4(source, k, panel, lane);
            case I4_AFFINE -> q4k(source, k, panel, lane);
            case I8_AFFINE -> q5k(source, k, panel, lane);
            case I8_FINE -> q6k(source, k, panel, lane);
            case F8 -> e4m3(matrix, row, source, panel, lane);
            case F8_FINE -> throw new IllegalArgumentException(format + " is for keys, not for weights");
        }
    }

    /** Kernels do not know infinities and NaN, which are no weights. */
    private static float finite(float value) {
        if (!Float.isFinite(value)) {
            throw new IllegalArgumentException("a weight or scale is " + value);
        }
        return value;
    }

    private static void q8(long source, int k, long panel, int lane) {
        for (int block = 0; block < k / 32; block++) {
            long from = source + 34L * block;
            long to = panel + (long) PanelFormat.I8.groupBytes() * block;
            finite(Memory.f16(from));
            Memory.i16(to + 2L * lane, Memory.i16(from));
            long codes = to + 2L * WIDTH + lane;
            for (int p = 0; p < 32; p++) {
                Memory.i8(codes + (long) p * WIDTH, Memory.i8(from + 2 + p));
            }
        }
    }

    private static void q4(long source, int k, long panel, int lane) {
        for (int block = 0; block < k / 32; block++) {
            long from = source + 18L * block;
            long to = panel + (long) PanelFormat.I4.groupBytes() * block;
            finite(Memory.f16(from));
            Memory.i16(to + 2L * lane, Memory.i16(from));
            nibbles(from + 2, to + 2L * WIDTH + lane);
        }
    }

    /** 16 bytes with elements 0 to 15 in their low halves and 16 to 31 in the high ones become 16 of neighbours. */
    private static void nibbles(long from, long codes) {
        for (int p = 0; p < 32; p += 2) {
            int shift = p / 16 * 4;
            int first = Memory.i8(from + p % 16) >> shift & 15;
            int second = Memory.i8(from + p % 16 + 1) >> shift & 15;
            Memory.i8(codes + p / 2 * (long) WIDTH, (byte) (first | second << 4));
        }
    }

    private static void q4k(long source, int k, long panel, int lane) {
        for (int group = 0; group < k / 32; group++) {
            long block = source + 144L * (group / 8);
            long to = panel + (long) PanelFormat.I4_AFFINE.groupBytes() * group;
            affine(block, group % 8, to, lane);
            long codes = to + 8L * WIDTH + lane;
            long from = block + 16 + group % 8 / 2 * 32L;
            int shift = group % 2 * 4;
            for (int p = 0; p < 32; p += 2) {
                int first = Memory.i8(from + p) >> shift & 15;
                int second = Memory.i8(from + p + 1) >> shift & 15;
                Memory.i8(codes + p / 2 * (long) WIDTH, (byte) (first | second << 4));
            }
        }
    }

    private static void q5k(long source, int k, long panel, int lane) {
        for (int group = 0; group < k / 32; group++) {
            long block = source + 176L * (group / 8);
            long to = panel + (long) PanelFormat.I8_AFFINE.groupBytes() * group;
            affine(block, group % 8, to, lane);
            long codes = to + 8L * WIDTH + lane;
            long from = block + 48 + group % 8 / 2 * 32L;
            int shift = group % 2 * 4;
            for (int p = 0; p < 32; p++) {
                int high = Memory.i8(block + 16 + p) >> group % 8 & 1;
                Memory.i8(codes + (long) p * WIDTH, (byte) (Memory.i8(from + p) >> shift & 15 | high << 4));
            }
        }
    }

    /** Scale and minimum of one of a super-block's eight groups, each six bits of the twelve bytes behind two F16. */
    private static void affine(long block, int group, long to, int lane) {
        long packed = block + 4;
        int scale;
        int minimum;
        if (group < 4) {
            scale = Memory.i8(packed + group) & 63;
            minimum = Memory.i8(packed + group + 4) & 63;
        } else {
            scale = Memory.i8(packed + group + 4) & 15 | (Memory.i8(packed + group - 4) & 0xc0) >> 2;
            minimum = Memory.i8(packed + group + 4) >> 4 & 15 | (Memory.i8(packed + group) & 0xc0) >> 2;
        }
        Memory.f32(to + 4L * lane, finite(Memory.f16(block)) * scale);
        Memory.f32(to + 4L * (WIDTH + lane), finite(Memory.f16(block + 2)) * minimum);
    }

    private static void q6k(long source, int k, long panel, int lane) {
        for (int group = 0; group < k / 16; group++) {
            long block = source + 210L * (group / 16);
            int first = group % 16 * 16;
            long to = panel + (long) PanelFormat.I8_FINE.groupBytes() * group;
            float scale = finite(Memory.f16(block + 208)) * Memory.i8(block + 192 + group % 16);
            Memory.f32(to + 4L * lane, scale);
            int half = first / 128;
            int quarter = first / 32 % 4;
            long low = block + half * 64L + quarter % 2 * 32 + first % 32;
            long high = block + SUPER / 2 + half * 32L + first % 32;
            for (int p = 0; p < 16; p++) {
                int code = Memory.i8(low + p) >> quarter / 2 * 4 & 15 | (Memory.i8(high + p) >> 2 * quarter & 3) << 4;
                Memory.i8(to + 4L * WIDTH + lane + (long) p * WIDTH, (byte) (code - 32));
            }
        }
    }

    private static void e4m3(Tensor matrix, int row, long source, long panel, int lane) {
        int k = matrix.cols();
        for (int first = 0; first < k; first += PanelFormat.F8.group) {
            long to = panel + (long) (first / PanelFormat.F8.group) * PanelFormat.F8.groupBytes();
            float scale = matrix.scales() == null ? 1 : matrix.scales().at(row, first);
            Memory.f32(to + 4L * lane, finite(scale));
            for (int p = 0; p < Math.min(PanelFormat.F8.group, k - first); p++) {
                byte code = Memory.i8(source + first + p);
                if ((code & 0x7f) == 0x7f) {
                    throw new IllegalArgumentException("a weight is NaN");
                }
                Memory.i8(to + 4L * WIDTH + lane + (long) p * WIDTH, code);
            }
        }
    }
}
