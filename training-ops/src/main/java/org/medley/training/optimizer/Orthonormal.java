package org.medley.training.optimizer;

import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.kernel.Gemm;
import org.medley.runtime.tensor.kernel.Gemm.Matrix;
import org.medley.runtime.tensor.kernel.RowKernels;
import org.medley.runtime.tensor.kernel.Scratch;

/**
 * Makes the rows of a matrix orthonormal in place: the transposed Q of a QR decomposition of its transpose, with R's
 * diagonal positive. Classical Gram-Schmidt over blocks of rows, modified within a block, all of it twice, which leaves
 * rows orthogonal to working precision (Giraud et al. 2005).
 */
final class Orthonormal {
    private static final int BLOCK = 32;
    private static final ThreadLocal<Scratch> SCRATCH = Scratch.perThread();

    private Orthonormal() {}

    /**
     * @param a row-major F32; a row of nothing but zeros becomes a unit vector's part that the rows before it leave
     * @param rows at most {@code cols}
     */
    static void rows(long a, int rows, int cols) {
        if (rows > cols) {
            throw new IllegalArgumentException(rows + " rows of " + cols + " elements cannot be orthonormal");
        }
        for (int pass = 0; pass < 2; pass++) {
            for (int from = 0; from < rows; from += BLOCK) {
                int count = Math.min(BLOCK, rows - from);
                for (int i = from; i < from + count; i++) {
                    enlarge(row(a, i, cols), cols);
                }
                project(a, from, count, cols);
                for (int i = from; i < from + count; i++) {
                    long row = row(a, i, cols);
                    subtract(a, from, i, cols);
                    if (!normalize(row, cols)) {
                        replace(a, i, cols);
                    }
                }
            }
        }
    }

    private static long row(long a, int row, int cols) {
        return a + 4L * row * cols;
    }

    /** Brings a row's largest magnitude to 1, so that tiny rows have squares that are no denormals. */
    private static void enlarge(long row, int cols) {
        float max = RowKernels.absMax(row, cols);
        if (max > 0) {
            RowKernels.scale(row, cols, 1 / max);
        }
    }

    /** Takes the part along the rows before {@code from} off the next {@code count} rows. */
    private static void project(long a, int from, int count, int cols) {
        if (from == 0) {
            return;
        }
        Matrix before = Matrix.rowMajor(a, cols);
        long block = row(a, from, cols);
        long along = SCRATCH.get().floats((long) count * from);
        Gemm.parallel(count, from, cols, Matrix.rowMajor(block, cols), before.transposed(), along, from, false);
        RowKernels.scale(along, count * from, -1);
        Gemm.parallel(count, cols, from, Matrix.rowMajor(along, from), before, block, cols, true);
    }

    /** Takes the parts along rows {@code [from, row)} off a row, one after the other. */
    private static void subtract(long a, int from, int row, int cols) {
        long target = row(a, row, cols);
        for (int j = from; j < row; j++) {
            long other = row(a, j, cols);
            RowKernels.axpy(-RowKernels.dot(other, target, cols), other, target, cols);
        }
    }

    private static boolean normalize(long row, int cols) {
        enlarge(row, cols);
        float square = RowKernels.dot(row, row, cols);
        if (square == 0) {
            return false;
        }
        RowKernels.scale(row, cols, (float) (1 / Math.sqrt(square)));
        return true;
    }

    /** The first unit vector of which at least the mean share is left by the rows before. */
    private static void replace(long a, int row, int cols) {
        long target = row(a, row, cols);
        double share = 0.5 * (cols - row) / cols;
        for (int axis = 0; axis < cols; axis++) {
            Memory.zero(target, 4L * cols);
            Memory.f32(target + 4L * axis, 1);
            subtract(a, 0, row, cols);
            if (RowKernels.dot(target, target, cols) >= share) {
                subtract(a, 0, row, cols);
                normalize(target, cols);
                return;
            }
        }
        throw new IllegalStateException("no unit vector lies outside of " + row + " rows of " + cols);
    }
}
