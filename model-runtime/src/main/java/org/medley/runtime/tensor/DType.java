package org.medley.runtime.tensor;

/** Element formats a tensor can be stored in. */
public enum DType {
    F32("F32", 4, 1),
    F16("F16", 2, 1),
    BF16("BF16", 2, 1),
    I32("I32", 4, 1),
    I8("I8", 1, 1),
    /** Eight bits with four of exponent, bias 7: up to ±448, no infinities. */
    F8_E4M3("F8_E4M3", 1, 1),
    /** The upper half of an F16: up to ±57344, with infinities. */
    F8_E5M2("F8_E5M2", 1, 1),
    /** Blocks of 32 int8 values behind one F16 scale: 34 bytes for 32 elements, value = scale * q. */
    Q8("Q8_0", 34, 32),
    /** Blocks of 32 four-bit values behind one F16 scale: value = scale * (q - 8). */
    Q4_0("Q4_0", 18, 32),
    /** Blocks of 256 four-bit values; each 32 have a six-bit scale and minimum of their own. */
    Q4_K("Q4_K", 144, 256),
    /** As {@link #Q4_K}, with a fifth bit for each value. */
    Q5_K("Q5_K", 176, 256),
    /** Blocks of 256 six-bit values; each 16 have an eight-bit scale of their own. */
    Q6_K("Q6_K", 210, 256);

    private final String label;
    private final int blockBytes;
    private final int blockElements;

    DType(String label, int blockBytes, int blockElements) {
        this.label = label;
        this.blockBytes = blockBytes;
        this.blockElements = blockElements;
    }

    /** The name used in safetensors headers and in messages. */
    public String label() {
        return label;
    }

    public int blockElements() {
        return blockElements;
    }

    public int blockBytes() {
        return blockBytes;
    }

    /** Bytes taken by {@code elements} consecutive elements; refuses a count that does not fill whole blocks. */
    public long bytes(long elements) {
        if (elements % blockElements != 0) {
            throw new IllegalArgumentException(
                    elements + " elements do not fill whole " + label + " blocks of " + blockElements);
        }
        return Math.multiplyExact(elements / blockElements, (long) blockBytes);
    }
}
