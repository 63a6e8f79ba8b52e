package org.medley.runtime.tensor.cuda;

/**
 * A matrix product that a library computes: {@code out[m, n] = x[m, k] · weight[n, k]ᵀ}, all row by row, out in F32.
 *
 * @param element of x and weight
 * @param outCols elements from one row of out to the next, at least n
 */
public record Product(int m, int n, int k, Element element, int outCols) {
    /** What is multiplied; sums are F32. */
    public enum Element {
        F32,
        BF16
    }

    public Product {
        if (m < 1 || n < 1 || k < 1 || outCols < n) {
            throw new IllegalArgumentException(
                    "product of [" + m + ", " + k + "] and [" + n + ", " + k + "] into rows of " + outCols);
        }
    }
}
