package org.medley.runtime.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every op beside its formula written plainly, on odd sizes. */
class CpuOpsTest {
    private final Arena arena = Arena.ofAuto();
    private final CpuOps ops = new CpuOps(new Workspace());

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void normActivationAndSumAgreeWithTheirFormulas(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int rows = 1 + random.nextInt(9);
        int cols = 1 + random.nextInt(75);
        float[] a = values(random, rows * cols);
        float[] b = values(random, rows * cols);
        float[] w = values(random, cols);
        float[] normed =
                ops.rmsNorm(tensor(a, rows, cols), tensor(w, cols), 1e-5f).toArray();
        float[] gated = ops.swiglu(tensor(a, rows, cols), tensor(b, rows, cols)).toArray();
        float[] summed = ops.add(tensor(a, rows, cols), tensor(b, rows, cols)).toArray();
        for (int i = 0; i < rows * cols; i++) {
            double square = 0;
            for (int j = 0; j < cols; j++) {
                double value = a[i / cols * cols + j];
                square += value * value;
            }
            double norm = a[i] / Math.sqrt(square / cols + 1e-5) * w[i % cols];
            assertThat((double) normed[i]).isCloseTo(norm, within(2e-5));
            assertThat((double) gated[i]).isCloseTo(a[i] / (1 + Math.exp(-a[i])) * b[i], within(2e-5));
            assertThat(summed[i]).isEqualTo(a[i] + b[i]);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void attentionAgreesWithItsFormulaPackedAndCached(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Ops.Heads heads = new Ops.Heads(4, seed % 2 == 0 ? 4 : 2, 2 * (1 + random.nextInt(12)));
        int first = 1 + random.nextInt(150);
        int second = 1 + random.nextInt(20);
        int rows = first + second;
        int width = heads.kv() * heads.size();
        float[] q = values(random, rows * heads.count() * heads.size());
        float[] k = values(random, rows * width);
        float[] v = values(random, rows * width);
        Batch batch = new Batch(
                new int[rows],
                new int[rows],
                List.of(new Batch.Span(0, first, null), new Batch.Span(first, second, null)));
        float[] packed = ops.attention(
                        tensor(q, rows, heads.count() * heads.size()),
                        tensor(k, rows, width),
                        tensor(v, rows, width),
                        heads,
                        0,
                        batch)
                .toArray();
        float[] expected = new float[q.length];
        naiveAttention(heads, q, k, v, 0, first, expected);
        naiveAttention(heads, q, k, v, first, second, expected);
        assertClose(packed, expected, 3e-5);
        try (KvCache cache = new KvCache(1, rows, width)) {
            int split = Math.max(1, first / 2);
            float[] parts = new float[first * heads.count() * heads.size()];
            int at = 0;
            for (int count : new int[] {split, first - split}) {
                if (count == 0) {
                    continue;
                }
                int cols = heads.count() * heads.size();
                Batch step = new Batch(new int[count], new int[count], List.of(new Batch.Span(0, count, cache)));
                float[] part = ops.attention(
                                tensor(Arrays.copyOfRange(q, at * cols, (at + count) * cols), count, cols),
                                tensor(Arrays.copyOfRange(k, at * width, (at + count) * width), count, width),
                                tensor(Arrays.copyOfRange(v, at * width, (at + count) * width), count, width),
                                heads,
                                0,
                                step)
                        .toArray();
                cache.advance(count);
                System.arraycopy(part, 0, parts, at * cols, part.length);
                at += count;
            }
            assertClose(parts, Arrays.copyOf(expected, parts.length), 3e-5);
        }
    }

    private static void naiveAttention(
            Ops.Heads heads, float[] q, float[] k, float[] v, int from, int count, float[] out) {
        int size = heads.size();
        int cols = heads.count() * size;
        int width = heads.kv() * size;
        for (int head = 0; head < heads.count(); head++) {
            int kv = head / (heads.count() / heads.kv()) * size;
            for (int i = from; i < from + count; i++) {
                double[] scores = new double[i - from + 1];
                double sum = 0;
                for (int j = from; j <= i; j++) {
                    double dot = 0;
                    for (int e = 0; e < size; e++) {
                        dot += q[i * cols + head * size + e] * (double) k[j * width + kv + e];
                    }
                    scores[j - from] = Math.exp(dot / Math.sqrt(size));
                    sum += scores[j - from];
                }
                for (int e = 0; e < size; e++) {
                    double value = 0;
                    for (int j = from; j <= i; j++) {
                        value += scores[j - from] / sum * v[j * width + kv + e];
                    }
                    out[i * cols + head * size + e] = (float) value;
                }
            }
        }
    }

    @Test
    void ropeTurnsEveryPairByItsAngleAndKeepsItsLength() {
        RopeTable table = new RopeTable(RopeTable.frequencies(6, 10_000), 50);
        float[] x = values(new SplittableRandom(3), 2 * 12);
        float[] y = ops.rope(tensor(x, 2, 12), new int[] {0, 41}, table).toArray();
        assertThat(Arrays.copyOf(y, 12)).containsExactly(Arrays.copyOf(x, 12));
        for (int head = 0; head < 2; head++) {
            for (int i = 0; i < 3; i++) {
                int at = 12 + head * 6 + i;
                double angle = 41 * Math.pow(10_000, -2.0 * i / 6);
                assertThat((double) y[at])
                        .isCloseTo(x[at] * Math.cos(angle) - x[at + 3] * Math.sin(angle), within(1e-5));
                assertThat((double) y[at + 3])
                        .isCloseTo(x[at + 3] * Math.cos(angle) + x[at] * Math.sin(angle), within(1e-5));
            }
        }
    }

    @Test
    void shapesThatDoNotFitAreRefusedByName() {
        assertThatThrownBy(() -> ops.linear(tensor(new float[6], 2, 3), tensor(new float[8], 2, 4), null))
                .hasMessage("linear: input F32[2, 3] does not fit weight F32[2, 4]");
        assertThatThrownBy(() -> ops.embedding(tensor(new float[8], 2, 4), new int[] {2}))
                .hasMessage("token id 2 is outside F32[2, 4]");
    }

    private Tensor tensor(float[] values, int... shape) {
        return Tensor.of(arena, values, shape);
    }

    private static void assertClose(float[] actual, float[] expected, double tolerance) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) actual[i]).as("element " + i).isCloseTo(expected[i], within(tolerance));
        }
    }

    private static float[] values(SplittableRandom random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
