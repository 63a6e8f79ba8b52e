package org.medley.runtime.tensor.kernel;

import org.medley.runtime.tensor.Tensor;

/**
 * How a {@link Panels panel} of weights is stored. Groups of {@code group} columns lie one after the other; each holds
 * its scales, one per row of the panel, then its codes, row by row within each column.
 */
enum PanelFormat {
    F32(1, 0, 32),
    BF16(1, 0, 16),
    F16(1, 0, 16),
    /** int8 behind an F16 scale: Q8_0. */
    I8(32, 2, 8),
    /** Four bits less 8 behind an F16 scale, two columns to a byte: Q4_0. */
    I4(32, 2, 4),
    /** int8 behind an F32 scale per 16 columns: Q6_K. */
    I8_FINE(16, 4, 8),
    /** Unsigned codes with an F32 scale and an F32 minimum: Q5_K. */
    I8_AFFINE(32, 8, 8),
    /** The same in four bits: Q4_K. */
    I4_AFFINE(32, 8, 4),
    /** E4M3 behind an F32 scale. */
    F8(128, 4, 8),
    /** The same with a scale for every 32 columns, for keys. */
    F8_FINE(32, 4, 8);

    final int group;
    final int scaleBytes;
    private final int codeBits;

    PanelFormat(int group, int scaleBytes, int codeBits) {
        this.group = group;
        this.scaleBytes = scaleBytes;
        this.codeBits = codeBits;
    }

    /** What a matrix is laid out as; formats without kernels of their own become F32. */
    static PanelFormat of(Tensor matrix) {
        boolean groupScales = matrix.scales() == null
                || matrix.scales().blockCols() % F8.group == 0
                || matrix.scales().blockCols() >= matrix.cols();
        return switch (matrix.dtype()) {
            case BF16 -> BF16;
            case F16 -> F16;
            case Q8 -> I8;
            case Q4_0 -> I4;
            case Q6_K -> I8_FINE;
            case Q5_K -> I8_AFFINE;
            case Q4_K -> I4_AFFINE;
            case F8_E4M3 -> groupScales ? F8 : F32;
            case F32, F8_E5M2, I8 -> F32;
            case I32 -> throw new IllegalArgumentException("matrix " + matrix + " holds integers, not weights");
        };
    }

    /** Bytes of one whole group of columns. */
    int groupBytes() {
        return Panels.WIDTH * (scaleBytes + group * codeBits / 8);
    }

    /** Bytes of a panel with {@code k} columns; a last group that is not full is shorter. */
    long panelBytes(int k) {
        int rest = k % group;
        long last = rest == 0 ? 0 : Panels.WIDTH * (scaleBytes + (rest * codeBits + 7) / 8);
        return (long) (k / group) * groupBytes() + last;
    }
}
