package org.medley.runtime.tensor.kernel;

import static org.medley.runtime.tensor.kernel.Simd.LANES;

import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Float8;
import org.medley.runtime.tensor.Memory;

/**
 * Keys and values of one head over a page of tokens, in the formats a cache may have. Keys lie as a {@link Panels panel}
 * whose rows are the tokens, so that a query is multiplied with a page of them as a row with weights. Values lie in
 * panels of 32 elements: token after token in each, every 32 elements with a scale of their own where the format has
 * scales.
 */
public final class KvCodec {
    /** Tokens of a page. */
    public static final int TOKENS = Panels.WIDTH;

    private static final int BLOCK = 32;

    private KvCodec() {}

    private static PanelFormat keyFormat(DType dtype) {
        return switch (dtype) {
            case F32 -> PanelFormat.F32;
            case F16 -> PanelFormat.F16;
            case BF16 -> PanelFormat.BF16;
            case Q8 -> PanelFormat.I8;
            case F8_E4M3 -> PanelFormat.F8_FINE;
            default ->
                throw new IllegalArgumentException("keys and values cannot be stored as " + dtype.label()
                        + "; F32, F16, BF16, F8_E4M3 and Q8_0 are possible");
        };
    }

    public static long keyBytes(DType dtype, int size) {
        return keyFormat(dtype).panelBytes(size);
    }

    public static long valueBytes(DType dtype, int size) {
        return (long) panels(size) * TOKENS * blockBytes(dtype);
    }

    private static int panels(int size) {
        return (size + BLOCK - 1) / BLOCK;
    }

    private static int blockBytes(DType dtype) {
        return switch (dtype) {
            case Q8 -> 34;
            case F8_E4M3 -> 36;
            default -> BLOCK * Math.toIntExact(dtype.bytes(1));
        };
    }

    /** Floats that decoded keys or values of a page take. */
    static int decodedFloats(int size) {
        return panels(size) * BLOCK * TOKENS;
    }

    public static void writeKey(DType dtype, long row, int size, long page, int token) {
        switch (dtype) {
            case F32 -> {
                for (int i = 0; i < size; i++) {
                    Memory.f32(page + 4L * (i * TOKENS + token), Memory.f32(row + 4L * i));
                }
            }
            case F16 -> {
                for (int i = 0; i < size; i++) {
                    Memory.i16(page + 2L * (i * TOKENS + token), toF16(Memory.f32(row + 4L * i)));
                }
            }
            case BF16 -> {
                for (int i = 0; i < size; i++) {
                    Memory.i16(page + 2L * (i * TOKENS + token), Memory.toBf16(Memory.f32(row + 4L * i)));
                }
            }
            case Q8 -> {
                for (int first = 0; first < size; first += BLOCK) {
                    int count = Math.min(BLOCK, size - first);
                    float scale = scale(row + 4L * first, count);
                    long group = page + first / BLOCK * 34L * TOKENS;
                    Memory.i16(group + 2L * token, Float.floatToFloat16(scale));
                    float inverse = scale == 0 ? 0 : 1 / scale;
                    for (int i = 0; i < count; i++) {
                        byte code = (byte) Math.round(Memory.f32(row + 4L * (first + i)) * inverse);
                        Memory.i8(group + 2L * TOKENS + (long) i * TOKENS + token, code);
                    }
                }
            }
            case F8_E4M3 -> {
                for (int first = 0; first < size; first += BLOCK) {
                    int count = Math.min(BLOCK, size - first);
                    float scale = largest(row + 4L * first, count) / Float8.E4M3_MAX;
                    long group = page + first / BLOCK * 36L * TOKENS;
                    Memory.f32(group + 4L * token, scale);
                    float inverse = scale == 0 ? 0 : 1 / scale;
                    for (int i = 0; i < count; i++) {
                        byte code = Float8.toE4m3(Memory.f32(row + 4L * (first + i)) * inverse);
                        Memory.i8(group + 4L * TOKENS + (long) i * TOKENS + token, code);
                    }
                }
            }
            default -> throw new IllegalArgumentException("keys are not stored as " + dtype);
        }
    }

    public static void writeValue(DType dtype, long row, int size, long page, int token) {
        int blockBytes = blockBytes(dtype);
        for (int first = 0; first < size; first += BLOCK) {
            int count = Math.min(BLOCK, size - first);
            long block = page + (long) (first / BLOCK * TOKENS + token) * blockBytes;
            long from = row + 4L * first;
            switch (dtype) {
                case F32 -> Memory.copy(from, block, 4L * count);
                case F16 -> {
                    for (int i = 0; i < count; i++) {
                        Memory.i16(block + 2L * i, toF16(Memory.f32(from + 4L * i)));
                    }
                }
                case BF16 -> {
                    for (int i = 0; i < count; i++) {
                        Memory.i16(block + 2L * i, Memory.toBf16(Memory.f32(from + 4L * i)));
                    }
                }
                case Q8 -> {
                    float scale = scale(from, count);
                    Memory.i16(block, Float.floatToFloat16(scale));
                    float inverse = scale == 0 ? 0 : 1 / scale;
                    for (int i = 0; i < count; i++) {
                        Memory.i8(block + 2 + i, (byte) Math.round(Memory.f32(from + 4L * i) * inverse));
                    }
                }
                case F8_E4M3 -> {
                    float scale = largest(from, count) / Float8.E4M3_MAX;
                    Memory.f32(block, scale);
                    float inverse = scale == 0 ? 0 : 1 / scale;
                    for (int i = 0; i < count; i++) {
                        Memory.i8(block + 4 + i, Float8.toE4m3(Memory.f32(from + 4L * i) * inverse));
                    }
                }
                default -> throw new IllegalArgumentException("values are not stored as " + dtype);
            }
        }
    }

    /** Rounds to nearest; what F16 cannot hold becomes its largest value, since an infinity would spoil every later token. */
    private static short toF16(float value) {
        return Float.floatToFloat16(Math.clamp(value, -65504f, 65504f));
    }

    /** The F16 scale, rounded up, that keeps codes within ±127. */
    private static float scale(long row, int count) {
        float max = largest(row, count);
        short half = toF16(max / 127);
        if (Float.float16ToFloat(half) * 127 < max && half < 0x7bff) {
            half++;
        }
        return Float.float16ToFloat(half);
    }

    private static float largest(long row, int count) {
        float max = 0;
        for (int i = 0; i < count; i++) {
            max = Math.max(max, Math.abs(Memory.f32(row + 4L * i)));
        }
        return max;
    }

    /** Keys as [size][TOKENS]; the page itself where it holds F32. */
    static long keys(DType dtype, long page, int size, long scratch) {
        if (dtype == DType.F32) {
            return page;
        }
        PanelDecode.decode(keyFormat(dtype), page, 0, size, scratch);
        return scratch;
    }

    /** Values of the first {@code tokens} as panels [size / 32][TOKENS][32]; the page itself where it holds F32. */
    static long values(DType dtype, long page, int size, int tokens, long scratch) {
        if (dtype == DType.F32) {
            return page;
        }
        int blockBytes = blockBytes(dtype);
        for (int panel = 0; panel < panels(size); panel++) {
            for (int token = 0; token < tokens; token++) {
                int block = panel * TOKENS + token;
                value(dtype, page + (long) block * blockBytes, scratch + 4L * block * BLOCK);
            }
        }
        return scratch;
    }

    private static void value(DType dtype, long block, long out) {
        switch (dtype) {
            case F16 -> {
                for (int i = 0; i < BLOCK; i += LANES) {
                    Simd.store(Simd.f16(block + 2L * i), out + 4L * i);
                }
            }
            case BF16 -> {
                for (int i = 0; i < BLOCK; i += LANES) {
                    Simd.store(Simd.bf16(block + 2L * i), out + 4L * i);
                }
            }
            case Q8 -> {
                float scale = Memory.f16(block);
                for (int i = 0; i < BLOCK; i += 2 * LANES) {
                    Simd.store(Simd.toFloat(Simd.bytes(block + 2 + i, 0)).mul(scale), out + 4L * i);
                    Simd.store(Simd.toFloat(Simd.bytes(block + 2 + i, 1)).mul(scale), out + 4L * (i + LANES));
                }
            }
            case F8_E4M3 -> {
                float scale = Memory.f32(block);
                for (int i = 0; i < BLOCK; i += 2 * LANES) {
                    Simd.store(Simd.e4m3(block + 4 + i, 0).mul(scale), out + 4L * i);
                    Simd.store(Simd.e4m3(block + 4 + i, 1).mul(scale), out + 4L * (i + LANES));
                }
            }
            default -> throw new IllegalArgumentException("values are not stored as " + dtype);
        }
    }
}
