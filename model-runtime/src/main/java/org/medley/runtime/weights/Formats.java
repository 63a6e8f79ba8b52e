package org.medley.runtime.weights;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Tensor;

/** Conversion of whole tensors between storage formats. */
public final class Formats {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(Memory.ORDER);

    private Formats() {}

    /** The tensor's values as F32 in memory of {@code arena}. */
    public static Tensor toF32(Tensor tensor, Arena arena) {
        if (tensor.dtype() == DType.F32) {
            Tensor copy = Tensor.zeros(arena, tensor.shape());
            copy.data().copyFrom(tensor.data());
            return copy;
        }
        return Tensor.of(arena, tensor.toArray(), tensor.shape());
    }

    /** The tensor in another format, in memory of {@code arena}. */
    public static Tensor convert(Tensor tensor, DType dtype, Arena arena) {
        MemorySegment target = arena.allocate(dtype.bytes(tensor.size()), 64);
        encode(tensor, dtype, target);
        return new Tensor(dtype, tensor.shape(), target);
    }

    private static void encode(Tensor tensor, DType dtype, MemorySegment target) {
        long size = tensor.size();
        switch (dtype) {
            case F32 -> {
                for (long i = 0; i < size; i++) {
                    Memory.f32(target.address() + 4 * i, tensor.get(i));
                }
            }
            case BF16 -> {
                for (long i = 0; i < size; i++) {
                    target.set(SHORT, 2 * i, Memory.toBf16(tensor.get(i)));
                }
            }
            case F16 -> {
                for (long i = 0; i < size; i++) {
                    target.set(SHORT, 2 * i, Float.floatToFloat16(tensor.get(i)));
                }
            }
            case Q8 -> {
                for (long block = 0; block < size / 32; block++) {
                    quantizeBlock(tensor, block * 32, target, block * 34);
                }
            }
            case I32 -> throw new IllegalArgumentException("weights are not stored as I32");
        }
    }

    /** Round to nearest with one F16 scale per 32 elements: scale = max|x| / 127. */
    private static void quantizeBlock(Tensor tensor, long first, MemorySegment target, long at) {
        float max = 0;
        for (int i = 0; i < 32; i++) {
            max = Math.max(max, Math.abs(tensor.get(first + i)));
        }
        short scale = Float.floatToFloat16(max / 127);
        float inverse = max == 0 ? 0 : 1 / Float.float16ToFloat(scale);
        target.set(SHORT, at, scale);
        for (int i = 0; i < 32; i++) {
            int q = Math.clamp(Math.round(tensor.get(first + i) * inverse), -127, 127);
            target.set(ValueLayout.JAVA_BYTE, at + 2 + i, (byte) q);
        }
    }
}
