package org.medley.training.optimizer;

import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Eigenvalues and eigenvectors of a symmetric matrix: Householder's reduction to tridiagonal form, then implicit QR
 * steps with Wilkinson's shift (Golub and Van Loan, Matrix Computations, 4th ed., section 8.3). For matrices of at most
 * about a thousand rows, on the calling thread, in F64.
 */
final class SymmetricEigen {
    private static final int MAX_STEPS_PER_VALUE = 60;

    private final int n;
    /** Diagonal and subdiagonal of the tridiagonal form. */
    private final double[] diagonal;

    private final double[] below;
    /** Row i turns into the eigenvector of {@code diagonal[i]}. */
    private final double[][] vectors;

    private SymmetricEigen(double[][] a) {
        n = a.length;
        diagonal = new double[n];
        below = new double[n];
        vectors = new double[n][n];
        for (int i = 0; i < n; i++) {
            vectors[i][i] = 1;
        }
        reduce(a);
        for (int end = n - 1; end > 0; end--) {
            converge(end);
        }
    }

    /**
     * Eigenvectors as rows, that of the largest eigenvalue first.
     *
     * @param a symmetric, overwritten
     */
    static double[][] descending(double[][] a) {
        SymmetricEigen eigen = new SymmetricEigen(a);
        return IntStream.range(0, eigen.n)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -eigen.diagonal[i]))
                .map(i -> eigen.vectors[i])
                .toArray(double[][]::new);
    }

    /** Reflections that clear column after column below the subdiagonal; the vectors' rows become Qᵀ's. */
    private void reduce(double[][] a) {
        double[] u = new double[n];
        double[] w = new double[n];
        for (int k = 0; k < n - 2; k++) {
            double norm = 0;
            for (int i = k + 1; i < n; i++) {
                norm = Math.hypot(norm, a[i][k]);
            }
            if (norm == 0) {
                continue;
            }
            double head = a[k + 1][k];
            double target = head > 0 ? -norm : norm;
            // H = I − u·uᵀ with |u|² = 2 takes the column to (target, 0, …).
            double length = Math.sqrt(norm * (norm + Math.abs(head)));
            for (int i = k + 1; i < n; i++) {
                u[i] = (a[i][k] - (i == k + 1 ? target : 0)) / length;
            }
            reflectBothSides(a, u, w, k);
            a[k + 1][k] = target;
            a[k][k + 1] = target;
            reflectRows(u, w, k);
        }
        for (int i = 0; i < n; i++) {
            diagonal[i] = a[i][i];
            below[i] = i == 0 ? 0 : a[i][i - 1];
        }
    }

    /** A ← H·A·H on the rows and columns behind k: A − u·wᵀ − w·uᵀ with w = A·u − ½(uᵀA·u)·u. */
    private void reflectBothSides(double[][] a, double[] u, double[] w, int k) {
        double inner = 0;
        for (int i = k + 1; i < n; i++) {
            double sum = 0;
            for (int j = k + 1; j < n; j++) {
                sum += a[i][j] * u[j];
            }
            w[i] = sum;
            inner += sum * u[i];
        }
        for (int i = k + 1; i < n; i++) {
            w[i] -= 0.5 * inner * u[i];
        }
        for (int i = k + 1; i < n; i++) {
            subtract(a[i], w, u[i], k + 1);
            subtract(a[i], u, w[i], k + 1);
        }
    }

    /** Qᵀ ← H·Qᵀ. */
    private void reflectRows(double[] u, double[] sums, int k) {
        java.util.Arrays.fill(sums, 0);
        for (int i = k + 1; i < n; i++) {
            subtract(sums, vectors[i], -u[i], 0);
        }
        for (int i = k + 1; i < n; i++) {
            subtract(vectors[i], sums, u[i], 0);
        }
    }

    private static void subtract(double[] from, double[] what, double factor, int start) {
        for (int j = start; j < from.length; j++) {
            from[j] -= factor * what[j];
        }
    }

    /** QR steps until the subdiagonal before {@code end} is gone. */
    private void converge(int end) {
        for (int step = 0; !negligible(end); step++) {
            if (step == MAX_STEPS_PER_VALUE) {
                throw new IllegalStateException("eigenvalue " + end + " of " + n + " does not converge");
            }
            int start = end - 1;
            while (start > 0 && !negligible(start)) {
                start--;
            }
            chase(start, end);
        }
        below[end] = 0;
    }

    private boolean negligible(int i) {
        double around = Math.abs(diagonal[i - 1]) + Math.abs(diagonal[i]);
        return Math.abs(below[i]) <= Math.ulp(around) || Math.abs(below[i]) < Double.MIN_NORMAL;
    }

    /** One implicit QR step on rows {@code [start, end]}: rotations chase a bulge down the subdiagonal. */
    private void chase(int start, int end) {
        double half = (diagonal[end - 1] - diagonal[end]) / 2;
        double corner = below[end];
        double shift = diagonal[end] - corner * corner / (half + Math.copySign(Math.hypot(half, corner), half));
        double x = diagonal[start] - shift;
        double z = below[start + 1];
        for (int k = start; k < end; k++) {
            double r = Math.hypot(x, z);
            double c = r == 0 ? 1 : x / r;
            double s = r == 0 ? 0 : z / r;
            if (k > start) {
                below[k] = r;
            }
            double upper = diagonal[k];
            double lower = diagonal[k + 1];
            double side = below[k + 1];
            diagonal[k] = c * c * upper + 2 * c * s * side + s * s * lower;
            diagonal[k + 1] = s * s * upper - 2 * c * s * side + c * c * lower;
            below[k + 1] = c * s * (lower - upper) + (c * c - s * s) * side;
            if (k + 1 < end) {
                x = below[k + 1];
                z = s * below[k + 2];
                below[k + 2] = c * below[k + 2];
            }
            rotate(vectors[k], vectors[k + 1], c, s);
        }
    }

    private static void rotate(double[] a, double[] b, double c, double s) {
        for (int j = 0; j < a.length; j++) {
            double x = a[j];
            double y = b[j];
            a[j] = c * x + s * y;
            b[j] = c * y - s * x;
        }
    }
}
