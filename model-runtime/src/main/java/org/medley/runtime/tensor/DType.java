package org.medley.runtime.tensor;

/** Element formats a tensor can be stored in. */
public enum DType {
    F32("F32", 4, 1),
    F16("F16", 2, 1),
    BF16("BF16", 2, 1),
    I32("I32", 4, 1),
    /** Blocks of 32 int8 values behind one F16 scale: 34 bytes for 32 elements, value = scale * q. */
    Q8("Q8_0", 34, 32);

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

    /** Bytes taken by {@code elements} consecutive elements; refuses a count that does not fill whole blocks. */
    public long bytes(long elements) {
        if (elements % blockElements != 0) {
            throw new IllegalArgumentException(
                    elements + " elements do not fill whole " + label + " blocks of " + blockElements);
        }
        return elements / blockElements * blockBytes;
    }
}
