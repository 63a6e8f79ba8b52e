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
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void opsOfEncodersAgreeWithTheirFormulas(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int rows = 2 + random.nextInt(9);
        int cols = 1 + random.nextInt(75);
        float[] a = values(random, rows * cols);
        float[] b = values(random, rows * cols);
        float[] w = values(random, cols);
        float[] shift = values(random, cols);
        Tensor x = tensor(a, rows, cols);
        float[] normed =
                ops.layerNorm(x, tensor(w, cols), tensor(shift, cols), 1e-5f).toArray();
        float[] unshifted = ops.layerNorm(x, tensor(w, cols), null, 1e-5f).toArray();
        float[] byTanh = ops.gelu(x, Ops.Gelu.TANH).toArray();
        float[] gated = ops.geglu(x, tensor(b, rows, cols), Ops.Gelu.TANH).toArray();
        float[] byErf = ops.gelu(x, Ops.Gelu.ERF).toArray();
        for (int i = 0; i < rows * cols; i++) {
            double mean = 0;
            for (int j = 0; j < cols; j++) {
                mean += a[i / cols * cols + j] / (double) cols;
            }
            double variance = 0;
            for (int j = 0; j < cols; j++) {
                variance += Math.pow(a[i / cols * cols + j] - mean, 2) / cols;
            }
            double norm = (a[i] - mean) / Math.sqrt(variance + 1e-5) * w[i % cols];
            assertThat((double) normed[i]).as("seed %d", seed).isCloseTo(norm + shift[i % cols], within(2e-5));
            assertThat((double) unshifted[i]).as("seed %d", seed).isCloseTo(norm, within(2e-5));
            double u = Math.sqrt(2 / Math.PI) * (a[i] + 0.044715 * Math.pow(a[i], 3));
            double tanh = a[i] / 2 * (1 + Math.tanh(u));
            assertThat((double) byTanh[i]).as("seed %d", seed).isCloseTo(tanh, within(2e-6));
            assertThat((double) gated[i]).as("seed %d", seed).isCloseTo(tanh * b[i], within(2e-6));
            assertThat((double) byErf[i]).as("seed %d", seed).isCloseTo(a[i] * normal(a[i]), within(2e-6));
        }
        int first = 1 + random.nextInt(rows - 1);
        List<Batch.Span> spans = List.of(new Batch.Span(0, first), new Batch.Span(first, rows - first));
        float[] means = ops.means(x, spans).toArray();
        for (int j = 0; j < cols; j++) {
            double sum = 0;
            for (int row = first; row < rows; row++) {
                sum += a[row * cols + j];
            }
            assertThat((double) means[cols + j]).as("seed %d", seed).isCloseTo(sum / (rows - first), within(1e-6));
        }
    }

    /** The normal distribution by its series (Abramowitz and Stegun 26.2.10). */
    private static double normal(double x) {
        double term = x;
        double sum = x;
        for (int i = 1; i < 60; i++) {
            term *= -x * x / (2 * i);
            sum += term / (2 * i + 1);
        }
        return 0.5 + sum / Math.sqrt(2 * Math.PI);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void attentionOverWholeSequencesAgreesWithItsFormula(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Attention attention = attention(random, random.nextBoolean());
        int first = 1 + random.nextInt(150);
        int second = 1 + random.nextInt(20);
        Qkv in = new Qkv(random, attention.heads(), first + second);
        Batch batch = new Batch(
                new int[first + second],
                new int[first + second],
                List.of(new Batch.Span(0, first), new Batch.Span(first, second)));
        float[] packed = ops.attention(
                        in.q(0, first + second), in.k(0, first + second), in.v(0, first + second), attention, 0, batch)
                .toArray();
        float[] expected = new float[in.q.length];
        naiveAttention(attention, in.q, in.k, in.v, 0, first, expected);
        naiveAttention(attention, in.q, in.k, in.v, first, second, expected);
        assertClose(packed, expected, 3e-5);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
    void attentionOverPagesAgreesWithItsFormulaHoweverTheSequenceIsCut(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Attention attention = attention(random, true);
        DType[] formats = {DType.F32, DType.BF16, DType.F16, DType.Q8, DType.F8_E4M3};
        DType dtype = formats[(int) (seed % formats.length)];
        int tokens = 1 + random.nextInt(200);
        Qkv in = new Qkv(random, attention.heads(), tokens);
        float[] expected = new float[in.q.length];
        naiveAttention(attention, in.q, in.k, in.v, 0, tokens, expected);
        float[] atOnce = paged(attention, dtype, in, random, tokens);
        assertClose(
                atOnce,
                expected,
                switch (dtype) {
                    case F32 -> 3e-5;
                    case F16 -> 5e-3;
                    case F8_E4M3 -> 0.3;
                    default -> 5e-2;
                });
        float[] inPieces = paged(attention, dtype, in, random, 1 + random.nextInt(40));
        assertThat(inPieces).containsExactly(atOnce);
        assertThat(paged(attention, dtype, in, random, 1)).containsExactly(atOnce);
    }

    /** The whole sequence in steps of up to {@code most} tokens, over pages in random places. */
    private float[] paged(Attention attention, DType dtype, Qkv in, SplittableRandom random, int most) {
        int count = (in.tokens + KvPool.PAGE - 1) / KvPool.PAGE;
        int[] pages = random.ints(0, 1000)
                .map(i -> i % (count + 5))
                .distinct()
                .limit(count)
                .toArray();
        Ops.Heads heads = attention.heads();
        float[] out = new float[in.q.length];
        try (KvPool cache = new KvPool(count + 5, 2, heads.kv(), heads.size(), dtype)) {
            int at = 0;
            while (at < in.tokens) {
                int rows = Math.min(most, in.tokens - at);
                Batch step = Batch.of(new int[rows], List.of(new Batch.Span(0, rows, at, pages, null)), cache);
                float[] part = ops.attention(in.q(at, rows), in.k(at, rows), in.v(at, rows), attention, 1, step)
                        .toArray();
                System.arraycopy(part, 0, out, at * heads.count() * heads.size(), part.length);
                at += rows;
            }
        }
        return out;
    }

    private static Attention attention(SplittableRandom random, boolean causal) {
        int kv = 1 + random.nextInt(3);
        Ops.Heads heads = new Ops.Heads(kv * (1 + random.nextInt(3)), kv, 2 * (1 + random.nextInt(40)));
        int window = random.nextBoolean() ? 0 : 1 + random.nextInt(60);
        float softCap = random.nextBoolean() ? 0 : 2 + random.nextInt(3);
        return new Attention(heads, 0.1f + random.nextInt(3) * 0.1f, window, softCap, causal);
    }

    private final class Qkv {
        final Ops.Heads heads;
        final int tokens;
        final float[] q;
        final float[] k;
        final float[] v;

        Qkv(SplittableRandom random, Ops.Heads heads, int tokens) {
            this.heads = heads;
            this.tokens = tokens;
            q = values(random, tokens * heads.count() * heads.size());
            k = values(random, tokens * heads.kv() * heads.size());
            v = values(random, tokens * heads.kv() * heads.size());
        }

        private Tensor rows(float[] all, int cols, int from, int count) {
            return tensor(Arrays.copyOfRange(all, from * cols, (from + count) * cols), count, cols);
        }

        Tensor q(int from, int count) {
            return rows(q, heads.count() * heads.size(), from, count);
        }

        Tensor k(int from, int count) {
            return rows(k, heads.kv() * heads.size(), from, count);
        }

        Tensor v(int from, int count) {
            return rows(v, heads.kv() * heads.size(), from, count);
        }
    }

    private static void naiveAttention(
            Attention attention, float[] q, float[] k, float[] v, int from, int count, float[] out) {
        Ops.Heads heads = attention.heads();
        int size = heads.size();
        int cols = heads.count() * size;
        int width = heads.kv() * size;
        for (int head = 0; head < heads.count(); head++) {
            int kv = head / (heads.count() / heads.kv()) * size;
            for (int i = 0; i < count; i++) {
                double[] scores = new double[count];
                double sum = 0;
                for (int j = 0; j < count; j++) {
                    boolean near = attention.window() == 0 || Math.abs(i - j) < attention.window();
                    if (!near || attention.causal() && j > i) {
                        continue;
                    }
                    double score = 0;
                    for (int e = 0; e < size; e++) {
                        score += q[(from + i) * cols + head * size + e] * (double) k[(from + j) * width + kv + e];
                    }
                    score *= attention.scale();
                    if (attention.softCap() > 0) {
                        score = attention.softCap() * Math.tanh(score / attention.softCap());
                    }
                    scores[j] = Math.exp(score);
                    sum += scores[j];
                }
                for (int e = 0; e < size; e++) {
                    double value = 0;
                    for (int j = 0; j < count; j++) {
                        value += scores[j] / sum * v[(from + j) * width + kv + e];
                    }
                    out[(from + i) * cols + head * size + e] = (float) value;
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
    void ropeTurnsTheBeginningOfAHeadAndKeepsTheRest() {
        RopeTable table = new RopeTable(8, RopeTable.frequencies(6, 10_000), 50, 1);
        RopeTable whole = new RopeTable(RopeTable.frequencies(6, 10_000), 50);
        float[] x = values(new SplittableRandom(4), 3 * 16);
        int[] positions = {0, 41, 7};
        float[] y = ops.rope(tensor(x, 3, 16), positions, table).toArray();
        for (int row = 0; row < 3; row++) {
            for (int at = row * 16; at < row * 16 + 16; at += 8) {
                float[] part = Arrays.copyOfRange(x, at, at + 6);
                float[] turned = ops.rope(tensor(part, 1, 6), new int[] {positions[row]}, whole)
                        .toArray();
                assertThat(Arrays.copyOfRange(y, at, at + 6)).containsExactly(turned);
                assertThat(Arrays.copyOfRange(y, at + 6, at + 8))
                        .containsExactly(Arrays.copyOfRange(x, at + 6, at + 8));
            }
        }
        assertThatThrownBy(() -> new RopeTable(5, new double[3], 50, 1))
                .hasMessage("heads of 5 elements have no 3 pairs to turn");
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

    /** Compared plainly: an assertion made for each of so many elements would take longer than the ops. */
    private static void assertClose(float[] actual, float[] expected, double tolerance) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            if (!(Math.abs((double) actual[i] - expected[i]) <= tolerance)) {
                assertThat((double) actual[i]).as("element " + i).isCloseTo(expected[i], within(tolerance));
            }
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
