package org.medley.runtime.weights;

import java.lang.foreign.Arena;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Float8;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Scales;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.kernel.Workers;

/** Conversion of whole tensors between storage formats. */
public final class Formats {
    /** Rows and columns of the blocks that share a scale in FP8 weights. */
    public static final int FP8_BLOCK = 128;

    private static final int GRAIN = 16_384;

    private Formats() {}

    /** The tensor's values as F32 in memory of {@code arena}. */
    public static Tensor toF32(Tensor tensor, Arena arena) {
        if (tensor.dtype() == DType.F32 && tensor.scales() == null) {
            Tensor copy = Tensor.zeros(arena, tensor.shape());
            copy.data().copyFrom(tensor.data());
            return copy;
        }
        return convert(tensor, DType.F32, arena);
    }

    /**
     * The tensor in another format, in memory of {@code arena}. F8_E4M3 values are rounded as they are; see
     * {@link #toFp8Blocks} for weights.
     *
     * @throws IllegalArgumentException if the format is one that is only read, or rows do not fill its blocks
     */
    public static Tensor convert(Tensor tensor, DType dtype, Arena arena) {
        Encoder encoder = encoder(dtype);
        Tensor target = new Tensor(dtype, tensor.shape(), arena.allocate(dtype.bytes(tensor.size()), 64));
        int cols = tensor.cols();
        long rowBytes = dtype.bytes(cols);
        Workers.ranges(tensor.rows(), Math.max(1, GRAIN / cols), (from, to) -> {
            for (int row = from; row < to; row++) {
                long at = target.address() + row * rowBytes;
                for (int col = 0; col < cols; col += dtype.blockElements()) {
                    encoder.encode(tensor, (long) row * cols + col, at);
                    at += dtype.blockBytes();
                }
            }
        });
        return target;
    }

    /** A matrix in F8_E4M3 with an F32 scale for each 128 x 128 values: scale = max|x| / 448. */
    public static Tensor toFp8Blocks(Tensor matrix, Arena arena) {
        int rows = matrix.rows();
        int cols = matrix.cols();
        Tensor codes = new Tensor(DType.F8_E4M3, matrix.shape(), arena.allocate(matrix.size(), 64));
        Tensor factors = Tensor.zeros(arena, Math.ceilDiv(rows, FP8_BLOCK), Math.ceilDiv(cols, FP8_BLOCK));
        Workers.run(Math.toIntExact(factors.size()), block -> {
            int row = block / factors.cols() * FP8_BLOCK;
            int col = block % factors.cols() * FP8_BLOCK;
            int rowEnd = Math.min(rows, row + FP8_BLOCK);
            int colEnd = Math.min(cols, col + FP8_BLOCK);
            float max = 0;
            for (int i = row; i < rowEnd; i++) {
                for (int j = col; j < colEnd; j++) {
                    max = Math.max(max, Math.abs(matrix.get((long) i * cols + j)));
                }
            }
            float scale = max == 0 ? 1 : Math.max(max / Float8.E4M3_MAX, Float.MIN_NORMAL);
            Memory.f32(factors.address() + 4L * block, scale);
            for (int i = row; i < rowEnd; i++) {
                for (int j = col; j < colEnd; j++) {
                    long index = (long) i * cols + j;
                    Memory.i8(codes.address() + index, Float8.toE4m3(matrix.get(index) / scale));
                }
            }
        });
        return codes.scaled(new Scales(factors, FP8_BLOCK, FP8_BLOCK));
    }

    /** Writes one block, of one element or more. */
    private interface Encoder {
        void encode(Tensor source, long first, long target);
    }

    private static Encoder encoder(DType dtype) {
        return switch (dtype) {
            case F32 -> (source, i, target) -> Memory.f32(target, source.get(i));
            case BF16 -> (source, i, target) -> Memory.i16(target, Memory.toBf16(source.get(i)));
            case F16 -> (source, i, target) -> Memory.i16(target, Float.floatToFloat16(source.get(i)));
            case F8_E4M3 -> (source, i, target) -> Memory.i8(target, Float8.toE4m3(source.get(i)));
            case Q8 -> Formats::q8;
            case Q4_0 -> Formats::q4;
            case I32, I8, F8_E5M2, Q4_K, Q5_K, Q6_K ->
                throw new IllegalArgumentException("weights are read from " + dtype.label()
                        + " but not written in it; F32, BF16, F16, F8_E4M3, Q8_0 and Q4_0 are possible");
        };
    }

    /** Round to nearest with one F16 scale per 32 elements: scale = max|x| / 127. */
    private static void q8(Tensor source, long first, long target) {
        float max = 0;
        for (int i = 0; i < 32; i++) {
            max = Math.max(max, Math.abs(source.get(first + i)));
        }
        short scale = Float.floatToFloat16(max / 127);
        Memory.i16(target, scale);
        float inverse = inverse(Float.float16ToFloat(scale));
        for (int i = 0; i < 32; i++) {
            int q = Math.clamp(Math.round(source.get(first + i) * inverse), -127, 127);
            Memory.i8(target + 2 + i, (byte) q);
        }
    }

    /** As ggml: the value of largest magnitude, with its sign, becomes -8, so that its side has the finer end. */
    private static void q4(Tensor source, long first, long target) {
        float extreme = 0;
        for (int i = 0; i < 32; i++) {
            float value = source.get(first + i);
            extreme = Math.abs(value) > Math.abs(extreme) ? value : extreme;
        }
        float scale = extreme / -8;
        Memory.i16(target, Float.floatToFloat16(scale));
        float inverse = inverse(scale);
        for (int i = 0; i < 16; i++) {
            int low = Math.min(15, (int) (source.get(first + i) * inverse + 8.5f));
            int high = Math.min(15, (int) (source.get(first + 16 + i) * inverse + 8.5f));
            Memory.i8(target + 2 + i, (byte) (low | high << 4));
        }
    }

    private static float inverse(float scale) {
        return scale == 0 ? 0 : 1 / scale;
    }
}
