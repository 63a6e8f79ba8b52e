package org.medley.runtime.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The whole address space as one constant segment. Kernels take addresses and read through it: the bound check then
 * folds to a constant, and every kernel sees one segment class, mapped or allocated. Shapes are checked where ops are
 * called, never inside a kernel.
 */
public final class Memory {
    public static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    public static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ORDER);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ORDER);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ORDER);

    private Memory() {}

    public static float f32(long address) {
        return ALL.get(FLOAT, address);
    }

    public static void f32(long address, float value) {
        ALL.set(FLOAT, address, value);
    }

    public static float bf16(long address) {
        return Float.intBitsToFloat(ALL.get(SHORT, address) << 16);
    }

    public static float f16(long address) {
        return Float.float16ToFloat(ALL.get(SHORT, address));
    }

    public static short i16(long address) {
        return ALL.get(SHORT, address);
    }

    public static void i16(long address, short value) {
        ALL.set(SHORT, address, value);
    }

    public static int i32(long address) {
        return ALL.get(INT, address);
    }

    public static byte i8(long address) {
        return ALL.get(ValueLayout.JAVA_BYTE, address);
    }

    public static void i8(long address, byte value) {
        ALL.set(ValueLayout.JAVA_BYTE, address, value);
    }

    public static void zero(long address, long bytes) {
        ALL.asSlice(address, bytes).fill((byte) 0);
    }

    public static void copy(long from, long to, long bytes) {
        MemorySegment.copy(ALL, from, ALL, to, bytes);
    }

    /** Rounds to the nearest BF16, ties to even; NaN stays NaN. */
    public static short toBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) ((bits >>> 16) | 0x40);
        }
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }
}
