package org.medley.runtime.tensor;

/**
 * One element of a stored row as F32, for every format: what vector kernels are measured against, and what they fall
 * back on. Block formats are laid out as llama.cpp's ggml defines them.
 */
public final class StoredElement {
    private static final int SUPER = 256;

    private StoredElement() {}

    /** Element {@code index} of a row that begins at {@code address}; in block formats a row begins with a block. */
    public static float get(DType dtype, long address, long index) {
        return switch (dtype) {
            case F32 -> Memory.f32(address + 4 * index);
            case F16 -> Memory.f16(address + 2 * index);
            case BF16 -> Memory.bf16(address + 2 * index);
            case I32 -> Memory.i32(address + 4 * index);
            case I8 -> Memory.i8(address + index);
            case F8_E4M3 -> Float8.e4m3(Memory.i8(address + index));
            case F8_E5M2 -> Float8.e5m2(Memory.i8(address + index));
            case Q8 -> q8(address + index / 32 * 34, (int) (index % 32));
            case Q4_0 -> q4(address + index / 32 * 18, (int) (index % 32));
            case Q4_K -> q4k(address + index / SUPER * 144, (int) (index % SUPER));
            case Q5_K -> q5k(address + index / SUPER * 176, (int) (index % SUPER));
            case Q6_K -> q6k(address + index / SUPER * 210, (int) (index % SUPER));
        };
    }

    /** F16 scale, then 32 int8. */
    private static float q8(long block, int i) {
        return Memory.f16(block) * Memory.i8(block + 2 + i);
    }

    /** F16 scale, then 16 bytes: elements 0 to 15 in their low halves, 16 to 31 in their high ones. */
    private static float q4(long block, int i) {
        return Memory.f16(block) * (nibble(block + 2 + i % 16, i / 16) - 8);
    }

    /** F16 scale and minimum, 12 bytes of six-bit ones, then 128 bytes: each 32 hold 64 elements, low halves first. */
    private static float q4k(long block, int i) {
        int q = nibble(block + 16 + i / 64 * 32 + i % 32, i / 32 % 2);
        return scaledK(block, i / 32, q);
    }

    /** As Q4_K, with the fifth bits in 32 bytes before the others: bit g of byte l is that of element 32 g + l. */
    private static float q5k(long block, int i) {
        int high = Memory.i8(block + 16 + i % 32) >> i / 32 & 1;
        int q = nibble(block + 48 + i / 64 * 32 + i % 32, i / 32 % 2) | high << 4;
        return scaledK(block, i / 32, q);
    }

    /** value = scale * s * q - minimum * m, where s and m are six bits of group {@code g} of the eight. */
    private static float scaledK(long block, int g, int q) {
        long packed = block + 4;
        int scale;
        int minimum;
        if (g < 4) {
            scale = Memory.i8(packed + g) & 63;
            minimum = Memory.i8(packed + g + 4) & 63;
        } else {
            scale = nibble(packed + g + 4, 0) | (Memory.i8(packed + g - 4) & 0xc0) >> 2;
            minimum = nibble(packed + g + 4, 1) | (Memory.i8(packed + g) & 0xc0) >> 2;
        }
        return Memory.f16(block) * scale * q - Memory.f16(block + 2) * minimum;
    }

    /**
     * 128 bytes of low halves, 64 bytes of two high bits, 16 int8 scales, F16 scale. Each 128 elements take 64 and 32
     * bytes; their quarters of 32 share bytes of high bits, the first two quarters and the last two the low halves.
     */
    private static float q6k(long block, int i) {
        int half = i / 128;
        int quarter = i / 32 % 4;
        int low = nibble(block + half * 64 + quarter % 2 * 32 + i % 32, quarter / 2);
        int high = Memory.i8(block + 128 + half * 32 + i % 32) >> 2 * quarter & 3;
        int scale = Memory.i8(block + 192 + i / 16);
        return Memory.f16(block + 208) * scale * ((low | high << 4) - 32);
    }

    private static int nibble(long address, int upper) {
        return Memory.i8(address) >> 4 * upper & 15;
    }
}
