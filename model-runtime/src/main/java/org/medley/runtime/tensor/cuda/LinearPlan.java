package org.medley.runtime.tensor.cuda;

/**
 * How a linear layer is computed: few rows by kernels that decode the weights as they read them, many by a library's
 * product over weights in BF16, which are made of others piece by piece.
 *
 * @param kernelRows rows of x that a launch of the kernel takes (1, 2, 4 or 8); 0 for the product
 * @param pieceRows rows of the weights that are multiplied at a time
 */
record LinearPlan(int kernelRows, int pieceRows) {
    static final int WARPS = 8;
    private static final int MOST_KERNEL_ROWS = 8;
    private static final long PIECE_BYTES = 64L << 20;

    /** @param stored whether the weights are multiplied as they are */
    static LinearPlan of(int m, int n, int k, boolean stored) {
        if (m <= MOST_KERNEL_ROWS) {
            return new LinearPlan(m <= 2 ? m : m <= 4 ? 4 : 8, n);
        }
        // Whole multiples of 16 keep every piece aligned as tensor cores want it.
        long fit = Math.max(16, PIECE_BYTES / (2L * k) / 16 * 16);
        return new LinearPlan(0, stored ? n : (int) Math.min(n, fit));
    }

    Grid kernelGrid(int n) {
        return Grid.of(Math.ceilDiv(n, WARPS), 32 * WARPS);
    }
}
