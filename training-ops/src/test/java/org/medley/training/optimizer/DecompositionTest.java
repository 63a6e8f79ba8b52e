package org.medley.training.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.kernel.Gemm.Matrix;

/** Orthonormal rows, symmetric eigenvectors and leading singular vectors. */
class DecompositionTest {
    private static float[] gaussian(SplittableRandom random, int size) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static double dot(Tensor a, int i, Tensor b, int j) {
        double sum = 0;
        for (int k = 0; k < a.cols(); k++) {
            sum += (double) a.get((long) i * a.cols() + k) * b.get((long) j * b.cols() + k);
        }
        return sum;
    }

    private static void assertOrthonormal(Tensor q, double tolerance, String what) {
        for (int i = 0; i < q.rows(); i++) {
            for (int j = 0; j <= i; j++) {
                assertThat(dot(q, i, q, j))
                        .as("%s: row %d times row %d", what, i, j)
                        .isCloseTo(i == j ? 1 : 0, within(tolerance));
            }
        }
    }

    @Test
    void rowsBecomeOrthonormalAndSpanWhatTheySpanned() {
        long seed = 21;
        SplittableRandom random = new SplittableRandom(seed);
        for (int[] shape : new int[][] {{1, 5}, {7, 7}, {33, 50}, {100, 131}}) {
            try (Arena arena = Arena.ofShared()) {
                float[] values = gaussian(random, shape[0] * shape[1]);
                Tensor before = Tensor.of(arena, values, shape);
                Tensor q = Tensor.of(arena, values, shape);
                Orthonormal.rows(q.address(), q.rows(), q.cols());
                assertOrthonormal(q, 2e-6, "seed " + seed);
                // Gram-Schmidt: each row is a combination of itself and earlier ones, itself with a positive weight.
                for (int i = 0; i < q.rows(); i++) {
                    double norm = dot(before, i, before, i);
                    double inside = 0;
                    for (int j = 0; j <= i; j++) {
                        inside += Math.pow(dot(before, i, q, j), 2);
                    }
                    assertThat(inside / norm).as("seed %d, row %d", seed, i).isCloseTo(1, within(1e-5));
                    assertThat(dot(before, i, q, i))
                            .as("seed %d, row %d", seed, i)
                            .isPositive();
                }
            }
        }
    }

    @Test
    void tinyDependentAndEmptyRowsAreMended() {
        try (Arena arena = Arena.ofShared()) {
            float[] values = gaussian(new SplittableRandom(22), 40 * 60);
            for (int j = 0; j < 60; j++) {
                values[60 + j] *= 1e-30f;
                values[35 * 60 + j] = 0;
                values[36 * 60 + j] = 0;
                values[39 * 60 + j] = 3 * values[38 * 60 + j];
            }
            Tensor q = Tensor.of(arena, values, 40, 60);
            Orthonormal.rows(q.address(), 40, 60);
            assertOrthonormal(q, 2e-6, "mended");
            Tensor zeros = Tensor.zeros(arena, 5, 5);
            Orthonormal.rows(zeros.address(), 5, 5);
            assertOrthonormal(zeros, 1e-6, "from zeros");
        }
    }

    @Test
    void eigenvectorsOfSymmetricMatrices() {
        long seed = 23;
        SplittableRandom random = new SplittableRandom(seed);
        for (int n : new int[] {1, 2, 3, 10, 64, 137}) {
            double[][] a = new double[n][n];
            for (int i = 0; i < n; i++) {
                for (int j = 0; j <= i; j++) {
                    a[i][j] = random.nextGaussian();
                    a[j][i] = a[i][j];
                }
            }
            double[][] copy = new double[n][];
            for (int i = 0; i < n; i++) {
                copy[i] = a[i].clone();
            }
            checkEigen(a, SymmetricEigen.descending(copy), "seed " + seed + ", n " + n);
        }
        // Repeated values, and a diagonal with a single pair beside it.
        double[][] special = {{2, 0, 0, 0}, {0, 2, 0, 0}, {0, 0, 1, 5}, {0, 0, 5, 1}};
        checkEigen(
                special,
                SymmetricEigen.descending(new double[][] {{2, 0, 0, 0}, {0, 2, 0, 0}, {0, 0, 1, 5}, {0, 0, 5, 1}}),
                "repeated");
    }

    private static void checkEigen(double[][] a, double[][] vectors, String what) {
        int n = a.length;
        double before = Double.POSITIVE_INFINITY;
        for (int i = 0; i < n; i++) {
            double[] v = vectors[i];
            double[] image = new double[n];
            double value = 0;
            for (int r = 0; r < n; r++) {
                for (int c = 0; c < n; c++) {
                    image[r] += a[r][c] * v[c];
                }
                value += image[r] * v[r];
            }
            for (int r = 0; r < n; r++) {
                assertThat(image[r]).as("%s, vector %d", what, i).isCloseTo(value * v[r], within(1e-12 * (n + 10)));
            }
            for (int j = 0; j <= i; j++) {
                double product = 0;
                for (int c = 0; c < n; c++) {
                    product += v[c] * vectors[j][c];
                }
                assertThat(product)
                        .as("%s, vectors %d %d", what, i, j)
                        .isCloseTo(i == j ? 1 : 0, within(1e-12 * (n + 10)));
            }
            assertThat(value).as("%s, order", what).isLessThanOrEqualTo(before + 1e-9);
            before = value;
        }
    }

    @Test
    void leadingSingularVectorsAreThoseOfLapackUpToSign() {
        Draw draw = new Draw(200);
        draw.array(12 * 20);
        double[] golden = Draw.numbers(Draw.golden().get("galore").get("wide").get("directions"));
        try (Arena arena = Arena.ofShared()) {
            Tensor g = Tensor.of(arena, draw.lowRank(12, 20), 12, 20);
            Tensor found = Tensor.zeros(arena, 4, 12);
            Subspace.leading(Matrix.rowMajor(g.address(), 20), 12, 20, 4, found.address());
            assertOrthonormal(found, 1e-6, "directions");
            for (int i = 0; i < 4; i++) {
                double cosine = 0;
                for (int j = 0; j < 12; j++) {
                    cosine += golden[i * 12 + j] * found.get(i * 12L + j);
                }
                assertThat(Math.abs(cosine)).as("direction %d", i).isGreaterThan(1 - 1e-6);
            }
        }
    }

    @Test
    void theSubspaceOfALargerMatrixIsTheLeadingOne() {
        long seed = 24;
        int rows = 150;
        int cols = 220;
        int rank = 24;
        SplittableRandom random = new SplittableRandom(seed);
        try (Arena arena = Arena.ofShared()) {
            // U·Σ·Vᵀ with known U: twenty-four values that fall slowly to 1, the others from 0.5 on.
            Tensor u = Tensor.of(arena, gaussian(random, rows * rows), rows, rows);
            Tensor v = Tensor.of(arena, gaussian(random, rows * cols), rows, cols);
            Orthonormal.rows(u.address(), rows, rows);
            Orthonormal.rows(v.address(), rows, cols);
            Tensor g = Tensor.zeros(arena, rows, cols);
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < cols; j++) {
                    double sum = 0;
                    for (int k = 0; k < rows; k++) {
                        double sigma = k < rank ? 1 + (rank - 1 - k) / 8.0 : 0.5 * Math.pow(0.99, k);
                        sum += sigma * u.get((long) k * rows + i) * v.get((long) k * cols + j);
                    }
                    Memory.f32(g.address() + 4L * (i * cols + j), (float) (1e-7 * sum));
                }
            }
            Tensor found = Tensor.zeros(arena, rank, rows);
            Subspace.leading(Matrix.rowMajor(g.address(), cols), rows, cols, rank, found.address());
            assertOrthonormal(found, 2e-6, "seed " + seed);
            for (int k = 0; k < rank; k++) {
                double inside = 0;
                for (int i = 0; i < rank; i++) {
                    inside += Math.pow(dot(u, k, found, i), 2);
                }
                assertThat(inside)
                        .as("seed %d, true direction %d within the subspace", seed, k)
                        .isGreaterThan(1 - 1e-6);
                assertThat(Math.abs(dot(u, k, found, k)))
                        .as("seed %d, direction %d", seed, k)
                        .isGreaterThan(1 - 1e-5);
            }
        }
    }

    @Test
    void aGradientOfZerosStillHasDirections() {
        try (Arena arena = Arena.ofShared()) {
            Tensor g = Tensor.zeros(arena, 9, 12);
            Tensor found = Tensor.zeros(arena, 3, 9);
            Subspace.leading(Matrix.rowMajor(g.address(), 12), 9, 12, 3, found.address());
            assertOrthonormal(found, 1e-6, "zeros");
        }
    }
}
