package org.medley.runtime.tensor.cuda;

/**
 * A matrix product that a library computes: {@code out[m, n] = x[m, k] · weight[n, k]ᵀ}, all row by row, out in F32.
 *
 * @param element of x and weight
 * @param outCols elements from one row of out to the next, at least n
 * @param form {@link Form#ANSWER} for what a server asks
 */
public record Product(int m, int n, int k, Element element, int outCols, Form form) {
    /** Elements that share a scale, along k and for weights along n, where scales are of blocks. */
    public static final int BLOCK = 128;

    /** What is multiplied; sums are F32. */
    public enum Element {
        F32,
        BF16,
        /** E4M3 with one scale, or none, for all of x and one, or none, for all of the weights. */
        E4M3_TENSOR,
        /** E4M3 with a scale for each row of x and of the weights. */
        E4M3_ROW,
        /**
         * E4M3 with a scale for each {@value #BLOCK} elements of a row of x, those of all rows for the first elements
         * before those for the next, and for each {@value #BLOCK} x {@value #BLOCK} of the weights, block row after
         * block row, in rows of scales that are a multiple of four long.
         */
        E4M3_BLOCK,
        /** E4M3 with a scale for each {@value #BLOCK} elements of a row of both, laid out as those of a block's x. */
        E4M3_STRIP;

        public boolean eightBits() {
            return this != F32 && this != BF16;
        }
    }

    /**
     * How the operands lie and what becomes of the result.
     *
     * @param xTurned whether x lies as [k, m]
     * @param weightTurned whether weight lies as [k, n]
     * @param added whether the result is added to what out holds
     * @param carried whether sums over eight bits are carried on in F32, as training needs, not kept in the shorter ones
     *     of tensor cores
     */
    public record Form(boolean xTurned, boolean weightTurned, boolean added, boolean carried) {
        public static final Form ANSWER = new Form(false, false, false, false);
    }

    /** @param scales address of its F32 scales, 0 for none */
    public record Operand(long address, long scales) {}

    public Product(int m, int n, int k, Element element, int outCols) {
        this(m, n, k, element, outCols, Form.ANSWER);
    }

    public Product {
        if (m < 1 || n < 1 || k < 1 || outCols < n) {
            throw new IllegalArgumentException(
                    "product of [" + m + ", " + k + "] and [" + n + ", " + k + "] into rows of " + outCols);
        }
        if (element.eightBits() && (m % 16 != 0 || n % 16 != 0 || k % 16 != 0)) {
            throw new IllegalArgumentException("product of [" + m + ", " + k + "] and [" + n + ", " + k
                    + "] in eight bits; multiples of 16 are needed");
        }
        if (element.eightBits() && (form.xTurned || form.weightTurned)) {
            throw new IllegalArgumentException("devices multiply eight bits only where both operands lie along k");
        }
    }
}
