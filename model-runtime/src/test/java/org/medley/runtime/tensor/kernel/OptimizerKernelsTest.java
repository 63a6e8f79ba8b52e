package org.medley.runtime.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.medley.runtime.tensor.Tensor;

class OptimizerKernelsTest {
    private static final long SEED = 41;

    /** A kernel over seven arrays. */
    private interface Kernel {
        void run(long[] arrays, int from, int to);
    }

    private static final OptimizerKernels.Adam ADAM = OptimizerKernels.Adam.at(3, 0.7f, 0.9f, 0.95f, 1e-8f);

    private static Map<String, Kernel> kernels() {
        OptimizerKernels.Win later = new OptimizerKernels.Win(0.01f, 0.1f, false);
        OptimizerKernels.Win begin = new OptimizerKernels.Win(0.01f, 0.1f, true);
        IntFunction<OptimizerKernels.Adan> adan = step ->
                new OptimizerKernels.Adan(0.7f, 0.98f, 0.92f, 0.99f, 0.05f, 0.02f, 1.5f, 1e-8f, 0.99f, step == 1);
        return Map.of(
                "adamw", (a, from, to) -> OptimizerKernels.adamw(a[0], a[1], a[2], a[3], ADAM, 0.01f, 0.999f, from, to),
                "direction", (a, from, to) -> OptimizerKernels.adamDirection(a[1], a[2], a[3], ADAM, -0.3f, from, to),
                "win", (a, from, to) -> OptimizerKernels.win(a[0], a[1], a[2], a[3], a[4], 0, ADAM, later, from, to),
                "win2",
                        (a, from, to) ->
                                OptimizerKernels.win(a[0], a[1], a[2], a[3], a[4], a[5], ADAM, later, from, to),
                "win2 first",
                        (a, from, to) ->
                                OptimizerKernels.win(a[0], a[1], a[2], a[3], a[4], a[5], ADAM, begin, from, to),
                "adan",
                        (a, from, to) ->
                                OptimizerKernels.adan(a[0], a[1], a[2], a[4], a[3], a[5], adan.apply(2), from, to),
                "adan first",
                        (a, from, to) ->
                                OptimizerKernels.adan(a[0], a[1], a[2], a[4], a[3], a[5], adan.apply(1), from, to),
                "momentum",
                        (a, from, to) ->
                                OptimizerKernels.momentum(a[0], a[1], a[2], 0.7f, 0.9f, 0.02f, 0.99f, from, to),
                "residual",
                        (a, from, to) -> OptimizerKernels.residual(
                                a[0] + 4L * from, a[1] + 4L * from, a[2] + 4L * from, 0.8f, to - from),
                "rounded", (a, from, to) -> RowKernels.rounded(a[0] + 4L * from, 13f, a[1] + 4L * from, to - from));
    }

    /** Seven arrays of drawn values, squares where a second moment stands. */
    private static List<Tensor> arrays(Arena arena, int size) {
        SplittableRandom random = new SplittableRandom(SEED);
        return java.util.stream.IntStream.range(0, 7)
                .mapToObj(array -> {
                    float[] values = new float[size];
                    for (int i = 0; i < size; i++) {
                        double value = random.nextGaussian() * Math.pow(10, -6 * random.nextDouble());
                        values[i] = (float) (array == 3 ? value * value : value);
                    }
                    return Tensor.of(arena, values, size);
                })
                .toList();
    }

    private static float[][] values(List<Tensor> tensors) {
        return tensors.stream().map(Tensor::toArray).toArray(float[][]::new);
    }

    @Test
    void whereRangesAreCutDoesNotMatter() {
        int size = 3 * Simd.LANES + 5;
        kernels().forEach((name, kernel) -> {
            try (Arena arena = Arena.ofConfined()) {
                List<Tensor> whole = arrays(arena, size);
                kernel.run(whole.stream().mapToLong(Tensor::address).toArray(), 0, size);
                assertThat(java.util.Arrays.deepEquals(values(whole), values(arrays(arena, size))))
                        .as(name)
                        .isFalse();
                for (int cut = 1; cut < size; cut++) {
                    List<Tensor> parts = arrays(arena, size);
                    long[] addresses = parts.stream().mapToLong(Tensor::address).toArray();
                    kernel.run(addresses, cut, size);
                    kernel.run(addresses, 0, cut);
                    assertThat(values(parts))
                            .as("%s cut at %d of %d, seed %d", name, cut, size, SEED)
                            .isDeepEqualTo(values(whole));
                }
            }
        });
    }

    @Test
    void adamwIsTheFormulaInDoublePrecision() {
        int size = 1000;
        try (Arena arena = Arena.ofConfined()) {
            float[][] old = values(arrays(arena, size));
            List<Tensor> now = arrays(arena, size);
            kernels().get("adamw").run(now.stream().mapToLong(Tensor::address).toArray(), 0, size);
            for (int i = 0; i < size; i++) {
                double g = 0.7f * (double) old[1][i];
                double m = 0.9f * (double) old[2][i] + (1 - (double) 0.9f) * g;
                double v = 0.95f * (double) old[3][i] + (1 - (double) 0.95f) * g * g;
                double u = m / (1 - Math.pow(0.9f, 3)) / (Math.sqrt(v / (1 - Math.pow(0.95f, 3))) + 1e-8f);
                double p = old[0][i] * (double) 0.999f - 0.01f * u;
                assertThat((double) now.get(0).get(i))
                        .as("element %d, seed %d", i, SEED)
                        .isCloseTo(p, within(1e-6 * (Math.abs(p) + Math.abs(0.01 * u))));
            }
        }
    }

    @Test
    void sumsAndLargestMagnitudes() {
        for (int size : new int[] {0, 1, 15, 16, 17, 1000}) {
            try (Arena arena = Arena.ofConfined()) {
                Tensor x = arrays(arena, size).getFirst();
                double sum = 0;
                float max = 0;
                for (float value : x.toArray()) {
                    sum += (double) value * value;
                    max = Math.max(max, Math.abs(value));
                }
                assertThat(OptimizerKernels.sumOfSquares(x.address(), size)).isCloseTo(sum, within(1e-13 * sum));
                assertThat(RowKernels.absMax(x.address(), size)).isEqualTo(max);
            }
        }
    }
}
