package org.medley.training.optimizer;

import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.kernel.Gemm;
import org.medley.runtime.tensor.kernel.Gemm.Matrix;
import org.medley.runtime.tensor.kernel.RowKernels;

/**
 * Leading left singular vectors of a matrix by subspace iteration from a seeded start, with a few directions more than
 * wanted (Halko, Martinsson and Tropp 2011, algorithm 4.4), turned to the singular vectors within the subspace by the
 * eigenvectors of a small matrix.
 */
final class Subspace {
    /** Directions iterated beside those wanted: they take up what would otherwise converge slowest. */
    private static final int SPARE = 8;
    /** Errors shrink by (σ of the first direction left out / σ of the last wanted)² in each. */
    private static final int ITERATIONS = 8;

    private static final long SEED = 0x5eed;

    private Subspace() {}

    /**
     * @param a of {@code shorter} × {@code longer} elements
     * @param rank at most {@code shorter}
     * @param out gets {@code rank} orthonormal rows of {@code shorter} elements, that of the largest singular value
     *     first, each with its largest component positive
     */
    static void leading(Matrix a, int shorter, int longer, int rank, long out) {
        int count = Math.min(shorter, rank + SPARE);
        try (Arena arena = Arena.ofShared()) {
            long basis = arena.allocate(4L * count * shorter, 64).address();
            long image = arena.allocate(4L * count * longer, 64).address();
            start(basis, count * shorter);
            Orthonormal.rows(basis, count, shorter);
            for (int i = 0; i < ITERATIONS; i++) {
                multiply(basis, a, count, shorter, longer, image);
                Orthonormal.rows(image, count, longer);
                multiply(image, a.transposed(), count, longer, shorter, basis);
                Orthonormal.rows(basis, count, shorter);
            }
            multiply(basis, a, count, shorter, longer, image);
            long turn = arena.allocate(4L * rank * count, 64).address();
            turn(image, count, longer, rank, turn);
            multiply(turn, Matrix.rowMajor(basis, shorter), rank, count, shorter, out);
        }
        for (int i = 0; i < rank; i++) {
            orient(out + 4L * i * shorter, shorter);
        }
    }

    private static void start(long basis, int size) {
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < size; i++) {
            Memory.f32(basis + 4L * i, (float) random.nextGaussian());
        }
    }

    /** C[m, n] = A[m, k] · B[k, n], A and C row-major. */
    private static void multiply(long a, Matrix b, int m, int k, int n, long c) {
        Gemm.parallel(m, n, k, Matrix.rowMajor(a, k), b, c, n, false);
    }

    /** The first eigenvectors of image · imageᵀ, whose entries are brought to at most 1 before squaring. */
    private static void turn(long image, int count, int longer, int rank, long turn) {
        float max = RowKernels.absMax(image, count * longer);
        if (max > 0) {
            RowKernels.scale(image, count * longer, 1 / max);
        }
        double[][] squares = new double[count][count];
        for (int i = 0; i < count; i++) {
            for (int j = 0; j <= i; j++) {
                squares[i][j] = RowKernels.dot(image + 4L * i * longer, image + 4L * j * longer, longer);
                squares[j][i] = squares[i][j];
            }
        }
        double[][] vectors = SymmetricEigen.descending(squares);
        for (int i = 0; i < rank; i++) {
            for (int j = 0; j < count; j++) {
                Memory.f32(turn + 4L * (i * count + j), (float) vectors[i][j]);
            }
        }
    }

    /** Singular vectors are known up to their sign; a fixed one lets moments outlive a new projector. */
    private static void orient(long row, int n) {
        float max = RowKernels.absMax(row, n);
        for (int i = 0; i < n; i++) {
            float value = Memory.f32(row + 4L * i);
            if (Math.abs(value) == max) {
                RowKernels.scale(row, n, Math.copySign(1f, value));
                return;
            }
        }
    }
}
