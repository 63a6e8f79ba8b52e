package org.medley.training.optimizer;

import java.util.function.IntConsumer;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.kernel.Gemm;
import org.medley.runtime.tensor.kernel.Gemm.Matrix;
import org.medley.runtime.tensor.kernel.RowKernels;
import org.medley.runtime.tensor.kernel.Scratch;
import org.medley.runtime.tensor.kernel.Workers;

/**
 * One side's preconditioner of a block in 4-bit Shampoo (Wang et al. 2024, algorithms 1 and 2): an average A of G·Gᵀ,
 * kept as eigenvalues in F32 and eigenvectors in four bits, and its inverse fourth root with the diagonal in F32 and the
 * rest in four bits.
 *
 * @param n rows and columns
 * @param codes address of {@link #codes} bytes: eigenvectors as rows, then the inverse root
 * @param scales address of {@link #scales} floats, in the same order
 * @param values address of {@link #values} floats: eigenvalues, then the inverse root's diagonal
 */
record Preconditioner(int n, long codes, long scales, long values) {
    /** Eigenvalues at the beginning, and what is added to them, over the largest one, before the root is taken. */
    private static final float EPSILON = 1e-6f;
    /** Björck steps that mend what four bits did to orthogonality: before an update, and before a root. */
    private static final int MEND_FOR_UPDATE = 1;

    private static final int MEND_FOR_ROOT = 4;

    private static final ThreadLocal<Scratch> ONE = Scratch.perThread();
    private static final ThreadLocal<Scratch> OTHER = Scratch.perThread();
    private static final ThreadLocal<Scratch> SQUARE = Scratch.perThread();

    static int codes(int n) {
        return Math.multiplyExact(2 * n, FourBit.codes(n));
    }

    static int scales(int n) {
        return Math.multiplyExact(2 * n, FourBit.scales(n));
    }

    static int values(int n) {
        return 2 * n;
    }

    /** Eigenvectors and root become the identity, eigenvalues small. */
    void begin() {
        long row = ONE.get().floats(n);
        for (int i = 0; i < n; i++) {
            Memory.zero(row, 4L * n);
            FourBit.encode(row, n, rootCodes(i), rootScales(i));
            Memory.f32(row + 4L * i, 1);
            FourBit.encode(row, n, vectorCodes(i), vectorScales(i));
            Memory.f32(values + 4L * i, EPSILON);
            Memory.f32(values + 4L * (n + i), 1);
        }
    }

    /**
     * A ← beta·A + (1−beta)·G·Gᵀ, and one step of orthogonal iteration for its eigenvectors.
     *
     * @param g of n rows and {@code length} columns
     */
    void update(Matrix g, int length, float beta) {
        long vectors = vectors(MEND_FOR_UPDATE);
        long average = SQUARE.get().floats((long) n * n);
        Gemm.parallel(n, n, length, g, g.transposed(), average, n, false);
        RowKernels.scale(average, n * n, 1 - beta);
        long weighted = OTHER.get().floats((long) n * n);
        rows(i -> {
            Memory.copy(vectors + 4L * i * n, weighted + 4L * i * n, 4L * n);
            RowKernels.scale(weighted + 4L * i * n, n, beta * Memory.f32(values + 4L * i));
        });
        product(Matrix.rowMajor(vectors, n).transposed(), weighted, average, true);

        product(Matrix.rowMajor(vectors, n), average, weighted, false);
        Orthonormal.rows(weighted, n, n);
        product(Matrix.rowMajor(weighted, n), average, vectors, false);
        rows(i -> {
            long vector = weighted + 4L * i * n;
            Memory.f32(values + 4L * i, Math.max(0, RowKernels.dot(vector, vectors + 4L * i * n, n)));
            FourBit.encode(vector, n, vectorCodes(i), vectorScales(i));
        });
    }

    /** Root ← (A + ε·λmax)^(-1/4). */
    void invert() {
        long vectors = vectors(MEND_FOR_ROOT);
        float damping = Math.max(Float.MIN_NORMAL, EPSILON * RowKernels.absMax(values, n));
        long weighted = OTHER.get().floats((long) n * n);
        rows(i -> {
            Memory.copy(vectors + 4L * i * n, weighted + 4L * i * n, 4L * n);
            double root = Math.pow((double) Memory.f32(values + 4L * i) + damping, -0.25);
            RowKernels.scale(weighted + 4L * i * n, n, (float) root);
        });
        long root = SQUARE.get().floats((long) n * n);
        product(Matrix.rowMajor(vectors, n).transposed(), weighted, root, false);
        rows(i -> {
            long diagonal = root + 4L * ((long) i * n + i);
            Memory.f32(values + 4L * (n + i), Memory.f32(diagonal));
            Memory.f32(diagonal, 0);
            FourBit.encode(root + 4L * i * n, n, rootCodes(i), rootScales(i));
        });
    }

    /** The inverse root as n rows in F32, valid until this class is used again on this thread. */
    long root() {
        long root = SQUARE.get().floats((long) n * n);
        rows(i -> {
            FourBit.decode(rootCodes(i), rootScales(i), n, root + 4L * i * n);
            Memory.f32(root + 4L * ((long) i * n + i), Memory.f32(values + 4L * (n + i)));
        });
        return root;
    }

    /** The eigenvectors as rows V, after steps V ← 1.5·V − 0.5·V·Vᵀ·V towards orthogonality (Björck and Bowie 1971). */
    private long vectors(int steps) {
        long vectors = ONE.get().floats((long) n * n);
        rows(i -> FourBit.decode(vectorCodes(i), vectorScales(i), n, vectors + 4L * i * n));
        for (int step = 0; step < steps; step++) {
            long old = OTHER.get().floats((long) n * n);
            Memory.copy(vectors, old, 4L * n * n);
            long factor = SQUARE.get().floats((long) n * n);
            Matrix v = Matrix.rowMajor(old, n);
            Gemm.parallel(n, n, n, v, v.transposed(), factor, n, false);
            RowKernels.scale(factor, n * n, -0.5f);
            for (int i = 0; i < n; i++) {
                long at = factor + 4L * ((long) i * n + i);
                Memory.f32(at, Memory.f32(at) + 1.5f);
            }
            product(Matrix.rowMajor(factor, n), old, vectors, false);
        }
        return vectors;
    }

    private void product(Matrix a, long b, long c, boolean accumulate) {
        Gemm.parallel(n, n, n, a, Matrix.rowMajor(b, n), c, n, accumulate);
    }

    private void rows(IntConsumer body) {
        Workers.ranges(n, Rule.GRAIN / n, (from, to) -> {
            for (int i = from; i < to; i++) {
                body.accept(i);
            }
        });
    }

    private long vectorCodes(int row) {
        return codes + (long) row * FourBit.codes(n);
    }

    private long rootCodes(int row) {
        return vectorCodes(n + row);
    }

    private long vectorScales(int row) {
        return scales + 4L * row * FourBit.scales(n);
    }

    private long rootScales(int row) {
        return vectorScales(n + row);
    }
}
