package org.medley.runtime.tensor.cuda;

/**
 * How a linear layer is computed: few rows by kernels that decode the weights as they read them, many by a library's
 * product, over the weights as they are where the device can multiply them so, else over BF16, which is made of them
 * piece by piece.
 *
 * @param kernelRows rows of x that a launch of the kernel takes (1, 2, 4 or 8); 0 for the product
 * @param element what is multiplied, null for the kernel
 * @param decoded whether the weights are made BF16 first
 * @param rows rows of x that are multiplied; those beyond its own fill up, so that few different products come up
 * @param pieceRows rows of the weights that are multiplied at a time
 */
record LinearPlan(int kernelRows, Product.Element element, boolean decoded, int rows, int pieceRows) {
    static final int WARPS = 8;
    private static final int MOST_KERNEL_ROWS = 8;
    static final long PIECE_BYTES = 64L << 20;
    /** Compute capability times ten of the first devices that multiply E4M3, and of those that take scales of blocks. */
    private static final int ADA = 89;

    private static final int HOPPER = 90;

    /**
     * @param capability of the device, times ten
     * @param stored what the weights are multiplied as without being decoded, null if they must be
     */
    static LinearPlan of(int capability, Product.Element stored, int m, int n, int k) {
        if (m <= MOST_KERNEL_ROWS) {
            return new LinearPlan(m <= 2 ? m : m <= 4 ? 4 : 8, null, false, m, n);
        }
        if (stored == null || !multiplied(capability, stored, n, k)) {
            return decoded(m, n, k);
        }
        return new LinearPlan(0, stored, false, bucket(m), n);
    }

    /** The product over BF16, whatever the weights are. */
    static LinearPlan decoded(int m, int n, int k) {
        // Whole multiples of 16 keep every piece aligned as tensor cores want it.
        long fit = Math.max(16, PIECE_BYTES / (2L * k) / 16 * 16);
        return new LinearPlan(0, Product.Element.BF16, true, bucket(m), (int) Math.min(n, fit));
    }

    private static boolean multiplied(int capability, Product.Element element, int n, int k) {
        return switch (element) {
            case F32, BF16 -> true;
            case E4M3_TENSOR -> capability >= ADA && n % 16 == 0 && k % 16 == 0;
            case E4M3_ROW, E4M3_BLOCK, E4M3_STRIP -> capability == HOPPER && n % 16 == 0 && k % 16 == 0;
        };
    }

    /** At most a quarter more rows, and a multiple of 16. */
    static int bucket(int m) {
        int step = Math.max(16, Integer.highestOneBit(m - 1) / 4);
        return Math.ceilDiv(m, step) * step;
    }

    Grid kernelGrid(int n) {
        return Grid.of(Math.ceilDiv(n, WARPS), 32 * WARPS);
    }
}
