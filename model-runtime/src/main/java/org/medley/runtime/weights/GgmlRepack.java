package org.medley.runtime.weights;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Tensor;

/**
 * Rewrites the rarer ggml blocks into formats that kernels read: without loss where one has the same scales and room for
 * the values (Q5_0 in Q8_0, Q3_K in Q6_K), in F16 otherwise (Q4_1, Q5_1, Q2_K).
 */
final class GgmlRepack {
    private GgmlRepack() {}

    /** The tensor in a readable format, in memory of {@code arena}. */
    static Tensor of(GgmlType type, int[] shape, MemorySegment stored, Arena arena) {
        Block block = switch (type) {
            case Q5_0 -> GgmlRepack::q5ToQ8;
            case Q3_K -> GgmlRepack::q3ToQ6;
            case Q4_1 -> GgmlRepack::q41ToF16;
            case Q5_1 -> GgmlRepack::q51ToF16;
            case Q2_K -> GgmlRepack::q2ToF16;
            default -> null;
        };
        if (block == null) {
            return null;
        }
        DType dtype = type == GgmlType.Q5_0 ? DType.Q8 : type == GgmlType.Q3_K ? DType.Q6_K : DType.F16;
        long blocks = stored.byteSize() / type.blockBytes;
        MemorySegment target = arena.allocate(dtype.bytes(blocks * type.blockElements), 64);
        long step = dtype.bytes(type.blockElements);
        for (long i = 0; i < blocks; i++) {
            block.repack(stored.address() + i * type.blockBytes, target.address() + i * step);
        }
        return new Tensor(dtype, shape, target);
    }

    private interface Block {
        void repack(long from, long to);
    }

    private static int u8(long address) {
        return Byte.toUnsignedInt(Memory.i8(address));
    }

    /** The five bits of element {@code i} of 32: 4 in the bytes at {@code low}, one of 32 at {@code high}. */
    private static int five(long low, long high, int i) {
        int nibble = u8(low + i % 16) >> i / 16 * 4 & 15;
        return nibble | (Memory.i32(high) >>> i & 1) << 4;
    }

    private static void f16(long to, int i, float value) {
        Memory.i16(to + 2L * i, Float.floatToFloat16(value));
    }

    /** F16 scale, 32 fifth bits, 16 bytes of halves; value = scale * (q - 16). */
    private static void q5ToQ8(long from, long to) {
        Memory.i8(to, Memory.i8(from));
        Memory.i8(to + 1, Memory.i8(from + 1));
        for (int i = 0; i < 32; i++) {
            Memory.i8(to + 2 + i, (byte) (five(from + 6, from + 2, i) - 16));
        }
    }

    /** F16 scale and minimum, 16 bytes of halves; value = scale * q + minimum. */
    private static void q41ToF16(long from, long to) {
        for (int i = 0; i < 32; i++) {
            int q = u8(from + 4 + i % 16) >> i / 16 * 4 & 15;
            f16(to, i, Memory.f16(from) * q + Memory.f16(from + 2));
        }
    }

    /** As Q4_1 with 32 fifth bits between. */
    private static void q51ToF16(long from, long to) {
        for (int i = 0; i < 32; i++) {
            f16(to, i, Memory.f16(from) * five(from + 8, from + 4, i) + Memory.f16(from + 2));
        }
    }

    /**
     * 16 bytes of a scale and a minimum each, 64 bytes of two bits, F16 scale and minimum. Each 128 elements take 32
     * bytes, whose four pairs of bits are quarters of 32.
     */
    private static void q2ToF16(long from, long to) {
        for (int i = 0; i < 256; i++) {
            int q = u8(from + 16 + i / 128 * 32 + i % 32) >> i / 32 % 4 * 2 & 3;
            int scales = u8(from + i / 16);
            f16(to, i, Memory.f16(from + 80) * (scales & 15) * q - Memory.f16(from + 82) * (scales >> 4));
        }
    }

    /**
     * 32 bytes of third bits, 64 bytes of two bits as in Q2_K, 12 bytes of sixteen six-bit scales, F16 scale;
     * value = scale * (s - 32) * (q - 4), which Q6_K's scale * s * (q - 32) says as well.
     */
    private static void q3ToQ6(long from, long to) {
        MemorySegment.copy(Memory.ALL, from + 108, Memory.ALL, to + 208, 2);
        Memory.ALL.asSlice(to, 192).fill((byte) 0);
        for (int group = 0; group < 16; group++) {
            int low = u8(from + 96 + group % 8) >> group / 8 * 4 & 15;
            int high = u8(from + 104 + group % 4) >> group / 4 * 2 & 3;
            Memory.i8(to + 192 + group, (byte) ((low | high << 4) - 32));
        }
        for (int i = 0; i < 256; i++) {
            int two = u8(from + 32 + i / 128 * 32 + i % 32) >> i / 32 % 4 * 2 & 3;
            int third = u8(from + i % 32) >> i / 32 & 1;
            int q = (two | third << 2) - 4 + 32;
            long lowByte = to + i / 128 * 64 + i / 32 % 2 * 32 + i % 32;
            long highByte = to + 128 + i / 128 * 32 + i % 32;
            Memory.i8(lowByte, (byte) (u8(lowByte) | (q & 15) << i / 64 % 2 * 4));
            Memory.i8(highByte, (byte) (u8(highByte) | q >> 4 << i / 32 % 4 * 2));
        }
    }
}
