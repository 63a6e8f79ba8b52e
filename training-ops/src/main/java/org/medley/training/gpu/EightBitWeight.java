package org.medley.training.gpu;

import org.medley.runtime.tensor.cuda.Product;
import org.medley.runtime.tensor.cuda.Product.Operand;

/**
 * A matrix [n, k] as products in eight bits take it: codes as they lie, and turned, for the way back to the input,
 * because devices multiply eight bits only along the rows of both. BF16, which they multiply as it lies, is there once.
 *
 * @param coded whether it is E4M3 codes with scales; else BF16 of what those stand for
 * @param rows with which it was asked whether a device multiplies the codes
 * @param along as [n, k]
 * @param turned as [k, n]; null for BF16
 */
record EightBitWeight(int n, int k, boolean coded, int rows, Operand along, Operand turned) {
    /** Rows of scales of blocks are a multiple of four long. */
    static int across(int cols) {
        return Math.ceilDiv(Math.ceilDiv(cols, Product.BLOCK), 4) * 4;
    }

    /** Bytes of one of the two, its scales apart. */
    static long bytes(int n, int k, boolean coded) {
        return (coded ? 1L : 2L) * n * k;
    }

    static long scaleBytes(int rows, int cols) {
        return 4L * Math.ceilDiv(rows, Product.BLOCK) * across(cols);
    }
}
