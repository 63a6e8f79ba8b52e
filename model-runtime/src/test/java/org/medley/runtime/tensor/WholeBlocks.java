package org.medley.runtime.tensor;

import java.nio.ByteBuffer;

/** Decodes a whole block at once, by loops over its bytes instead of by index: the oracle of {@link StoredElement}. */
public final class WholeBlocks {
    private WholeBlocks() {}

    public static float[] decode(DType dtype, ByteBuffer block) {
        return switch (dtype) {
            case Q8 -> q8(block);
            case Q4_0 -> q4(block);
            case Q4_K -> k45(block, false);
            case Q5_K -> k45(block, true);
            case Q6_K -> q6(block);
            default -> throw new IllegalArgumentException(dtype + " has no blocks");
        };
    }

    private static float half(ByteBuffer block) {
        return Float.float16ToFloat(block.getShort());
    }

    private static int[] unsigned(ByteBuffer block, int count) {
        int[] bytes = new int[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = Byte.toUnsignedInt(block.get());
        }
        return bytes;
    }

    private static float[] q8(ByteBuffer block) {
        float d = half(block);
        float[] out = new float[32];
        for (int i = 0; i < 32; i++) {
            out[i] = block.get() * d;
        }
        return out;
    }

    private static float[] q4(ByteBuffer block) {
        float d = half(block);
        int[] bytes = unsigned(block, 16);
        float[] out = new float[32];
        for (int i = 0; i < 16; i++) {
            out[i] = (bytes[i] % 16 - 8) * d;
            out[i + 16] = (bytes[i] / 16 - 8) * d;
        }
        return out;
    }

    private static float[] k45(ByteBuffer block, boolean five) {
        float d = half(block);
        float dmin = half(block);
        int[] packed = unsigned(block, 12);
        int[] scales = new int[8];
        int[] minima = new int[8];
        for (int j = 0; j < 4; j++) {
            scales[j] = packed[j] % 64;
            minima[j] = packed[j + 4] % 64;
            scales[j + 4] = packed[j + 8] % 16 + packed[j] / 64 * 16;
            minima[j + 4] = packed[j + 8] / 16 + packed[j + 4] / 64 * 16;
        }
        int[] fifth = five ? unsigned(block, 32) : new int[32];
        float[] out = new float[256];
        for (int pair = 0; pair < 4; pair++) {
            int[] bytes = unsigned(block, 32);
            for (int upper = 0; upper < 2; upper++) {
                int group = 2 * pair + upper;
                for (int i = 0; i < 32; i++) {
                    int q = upper == 0 ? bytes[i] % 16 : bytes[i] / 16;
                    q += (fifth[i] & 1 << group) != 0 ? 16 : 0;
                    out[32 * group + i] = d * scales[group] * q - dmin * minima[group];
                }
            }
        }
        return out;
    }

    private static float[] q6(ByteBuffer block) {
        int[] low = unsigned(block, 128);
        int[] high = unsigned(block, 64);
        byte[] scales = new byte[16];
        block.get(scales);
        float d = half(block);
        float[] out = new float[256];
        for (int n = 0; n < 2; n++) {
            for (int l = 0; l < 32; l++) {
                int h = high[32 * n + l];
                int a = low[64 * n + l];
                int b = low[64 * n + 32 + l];
                int[] q = {a % 16 + h % 4 * 16, b % 16 + h / 4 % 4 * 16, a / 16 + h / 16 % 4 * 16, b / 16 + h / 64 * 16
                };
                for (int quarter = 0; quarter < 4; quarter++) {
                    int i = 128 * n + 32 * quarter + l;
                    out[i] = d * scales[i / 16] * (q[quarter] - 32);
                }
            }
        }
        return out;
    }
}
