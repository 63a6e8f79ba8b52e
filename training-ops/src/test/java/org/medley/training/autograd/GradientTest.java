package org.medley.training.autograd;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.medley.runtime.network.Network;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Ops.Gelu;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;

/** Every op's way back beside central differences, in double precision, of its definition, for every input and weight. */
class GradientTest {
    private static final int ROWS = 7;
    private static final int WIDTH = 24;
    private static final int CLASSES = 13;
    private static final double STEP = 1e-5;
    private static final int[] IDS =
            IntStream.range(0, ROWS).map(i -> (i * 5) % 11).toArray();
    private static final int[] POSITIONS = {0, 1, 2, 3, 0, 1, 2};
    private static final int[] CHOSEN = {6, 0, 0, 3, 2, 1, 5};
    private static final List<Batch.Span> SPANS = List.of(new Batch.Span(0, 4), new Batch.Span(4, 3));
    private static final Batch BATCH = new Batch(IDS, POSITIONS, SPANS);
    private static final Ops.Heads HEADS = new Ops.Heads(4, 2, 6);
    private static final RopeTable TABLE = new RopeTable(RopeTable.frequencies(6, 100), 8);
    private static final RopeTable PARTIAL = new RopeTable(6, RopeTable.frequencies(4, 100), 8, 1.3);

    private final Arena arena = Arena.ofAuto();
    private final SplittableRandom random = new SplittableRandom(11);
    private final List<Tensor> parameters = new ArrayList<>();

    private final Tensor embedding = random(1, 11, WIDTH);
    private final Tensor first = random(0.3, WIDTH, WIDTH);
    private final Tensor second = random(0.3, WIDTH, WIDTH);
    private final Tensor narrow = random(0.3, WIDTH / 2, WIDTH);
    private final Tensor third = random(0.3, WIDTH / 2, WIDTH);
    private final Tensor norm = random(1, WIDTH);
    private final Tensor groupNorm = random(1, 6);
    private final Tensor bias = random(1, WIDTH);
    private final Tensor router = random(0.5, 5, WIDTH);
    private final List<Ops.Expert> experts = IntStream.range(0, 5)
            .mapToObj(e -> new Ops.Expert(random(0.3, 10, WIDTH), random(0.3, 10, WIDTH), random(0.3, WIDTH, 10)))
            .toList();
    private final Tensor head = random(0.3, CLASSES, WIDTH);

    /** An op between a first linear layer, which makes its inputs intermediates, and the loss. */
    private enum Op {
        EMBEDDING,
        LINEAR,
        LINEAR_WITH_BIAS,
        RMS_NORM,
        GROUPED_RMS_NORM,
        LAYER_NORM,
        LAYER_NORM_WITH_BIAS,
        ROPE,
        PARTIAL_ROPE,
        ATTENTION,
        WINDOWED_ATTENTION,
        CAPPED_ATTENTION,
        ATTENTION_BOTH_WAYS,
        SWIGLU,
        GELU_ERF,
        GELU_TANH,
        GEGLU,
        COLUMNS,
        SCALE,
        SOFT_CAP,
        MIXTURE,
        NORMALIZED_MIXTURE,
        ADD,
        ADD_NORM,
        BLOCK,
        ROWS,
        MEANS
    }

    private static Attention attention(Op op) {
        return switch (op) {
            case WINDOWED_ATTENTION -> new Attention(HEADS, 0.3f, 2, 0, true);
            case CAPPED_ATTENTION -> new Attention(HEADS, 0.3f, 0, 0.8f, true);
            case ATTENTION_BOTH_WAYS -> new Attention(HEADS, 0.3f, 0, 0, false);
            default -> Attention.causal(HEADS);
        };
    }

    private Tensor forward(Op op, Ops ops) {
        Tensor e = ops.embedding(embedding, IDS);
        Tensor x = ops.linear(e, first, null);
        return switch (op) {
            case EMBEDDING -> e;
            case LINEAR -> ops.linear(x, second, null);
            case LINEAR_WITH_BIAS -> ops.linear(x, second, bias);
            case RMS_NORM -> ops.rmsNorm(x, norm, 1e-5f);
            case GROUPED_RMS_NORM -> ops.rmsNorm(x, groupNorm, 1e-5f);
            case LAYER_NORM -> ops.layerNorm(x, norm, null, 1e-5f);
            case LAYER_NORM_WITH_BIAS -> ops.layerNorm(x, norm, bias, 1e-5f);
            case ROPE -> ops.rope(x, POSITIONS, TABLE);
            case PARTIAL_ROPE -> ops.rope(x, POSITIONS, PARTIAL);
            case ATTENTION, WINDOWED_ATTENTION, CAPPED_ATTENTION, ATTENTION_BOTH_WAYS ->
                ops.attention(x, ops.linear(e, narrow, null), ops.linear(e, third, null), attention(op), 0, BATCH);
            case SWIGLU -> ops.swiglu(x, ops.linear(e, second, null));
            case GELU_ERF -> ops.gelu(x, Gelu.ERF);
            case GELU_TANH -> ops.gelu(x, Gelu.TANH);
            case GEGLU -> ops.geglu(x, ops.linear(e, second, null), Gelu.TANH);
            case COLUMNS -> ops.columns(x, norm, bias);
            case SCALE -> ops.scale(x, -1.7f);
            case SOFT_CAP -> ops.softCap(x, 0.9f);
            case MIXTURE -> ops.mixture(x, router, experts, 2, false);
            case NORMALIZED_MIXTURE -> ops.mixture(x, router, experts, 3, true);
            case ADD -> ops.add(x, ops.add(x, ops.linear(e, second, null)));
            case ADD_NORM -> {
                Ops.Sum sum = ops.addNorm(x, e, norm, 1e-5f);
                yield ops.add(sum.sum(), sum.norm());
            }
            case BLOCK -> {
                Ops.Sum in = ops.addNorm(x, e, norm, 1e-5f);
                Ops.Sum out = ops.block(in, (inner, s) -> {
                    Tensor mixed = inner.swiglu(s.norm(), inner.linear(s.sum(), second, null));
                    return inner.addNorm(s.sum(), mixed, norm, 1e-5f);
                });
                yield ops.add(out.sum(), out.norm());
            }
            case ROWS -> ops.rows(x, CHOSEN);
            case MEANS -> ops.means(x, SPANS);
        };
    }

    private double[][] oracle(Op op, Function<Tensor, double[][]> w) {
        double[][] e = Oracle.pick(w.apply(embedding), IDS);
        double[][] x = Oracle.linear(e, w.apply(first), null);
        double[] n = w.apply(norm)[0];
        BiFunction<double[][], double[][], double[][]> gated = (a, b) -> Oracle.times(Oracle.map(a, Oracle::silu), b);
        return switch (op) {
            case EMBEDDING -> e;
            case LINEAR -> Oracle.linear(x, w.apply(second), null);
            case LINEAR_WITH_BIAS -> Oracle.linear(x, w.apply(second), w.apply(bias)[0]);
            case RMS_NORM -> Oracle.norm(x, n, null, 1e-5, false);
            case GROUPED_RMS_NORM -> Oracle.norm(x, w.apply(groupNorm)[0], null, 1e-5, false);
            case LAYER_NORM -> Oracle.norm(x, n, null, 1e-5, true);
            case LAYER_NORM_WITH_BIAS -> Oracle.norm(x, n, w.apply(bias)[0], 1e-5, true);
            case ROPE -> Oracle.rope(x, POSITIONS, TABLE);
            case PARTIAL_ROPE -> Oracle.rope(x, POSITIONS, PARTIAL);
            case ATTENTION, WINDOWED_ATTENTION, CAPPED_ATTENTION, ATTENTION_BOTH_WAYS ->
                Oracle.attention(
                        x,
                        Oracle.linear(e, w.apply(narrow), null),
                        Oracle.linear(e, w.apply(third), null),
                        attention(op),
                        SPANS);
            case SWIGLU -> gated.apply(x, Oracle.linear(e, w.apply(second), null));
            case GELU_ERF -> Oracle.map(x, v -> Oracle.gelu(Gelu.ERF, v));
            case GELU_TANH -> Oracle.map(x, v -> Oracle.gelu(Gelu.TANH, v));
            case GEGLU ->
                Oracle.times(Oracle.map(x, v -> Oracle.gelu(Gelu.TANH, v)), Oracle.linear(e, w.apply(second), null));
            case COLUMNS -> Oracle.columns(x, n, w.apply(bias)[0]);
            case SCALE -> Oracle.map(x, v -> -1.7f * v);
            case SOFT_CAP -> Oracle.map(x, v -> 0.9f * Math.tanh(v / 0.9f));
            case MIXTURE, NORMALIZED_MIXTURE -> {
                List<double[][][]> all = experts.stream()
                        .map(m -> new double[][][] {w.apply(m.gate()), w.apply(m.up()), w.apply(m.down())})
                        .toList();
                yield Oracle.mixture(x, w.apply(router), all, op == Op.MIXTURE ? 2 : 3, op == Op.NORMALIZED_MIXTURE);
            }
            case ADD -> Oracle.plus(x, Oracle.plus(x, Oracle.linear(e, w.apply(second), null)));
            case ADD_NORM -> {
                double[][] sum = Oracle.plus(x, e);
                yield Oracle.plus(sum, Oracle.norm(sum, n, null, 1e-5, false));
            }
            case BLOCK -> {
                double[][] sum = Oracle.plus(x, e);
                double[][] normed = Oracle.norm(sum, n, null, 1e-5, false);
                double[][] out = Oracle.plus(sum, gated.apply(normed, Oracle.linear(sum, w.apply(second), null)));
                yield Oracle.plus(out, Oracle.norm(out, n, null, 1e-5, false));
            }
            case ROWS -> Oracle.pick(x, CHOSEN);
            case MEANS -> Oracle.means(x, SPANS);
        };
    }

    @ParameterizedTest
    @EnumSource(Op.class)
    void analyticGradientEqualsTheDifferenceQuotient(Op op) {
        check(op, false);
    }

    @ParameterizedTest
    @EnumSource(
            value = Op.class,
            names = {"ADD_NORM", "BLOCK"})
    void alsoWhenBlocksAreComputedAgain(Op op) {
        check(op, true);
    }

    private void check(Op op, boolean recompute) {
        Map<Tensor, Tensor> gradients = new IdentityHashMap<>();
        parameters.forEach(tensor -> gradients.put(tensor, Tensor.zeros(arena, tensor.shape())));
        int rows = op == Op.MEANS ? SPANS.size() : ROWS;
        int[] all = IntStream.range(0, rows).toArray();
        int[] targets = IntStream.range(0, rows).map(i -> (i * 3) % CLASSES).toArray();
        float[] weights = new float[rows];
        for (int i = 0; i < rows; i++) {
            weights[i] = 0.5f + 0.25f * i;
        }
        double expected = Oracle.loss(logits(op, Map.of()), targets, weights);
        try (Workspace workspace = new Workspace()) {
            Tape tape = new Tape(new CpuOps(workspace), new CpuBackwardOps(workspace), gradients, recompute);
            float[] losses = tape.backward(new Head(head), forward(op, tape), all, targets, weights);
            double loss = 0;
            for (int i = 0; i < rows; i++) {
                loss += weights[i] * losses[i];
            }
            assertThat(loss).isCloseTo(expected, org.assertj.core.api.Assertions.within(1e-4 * expected));
        }
        int checked = 0;
        for (Tensor parameter : parameters) {
            float[] analytic = gradients.get(parameter).toArray();
            for (int i = 0; i < analytic.length; i += 1 + analytic.length / 20) {
                double[][] up = values(parameter);
                up[i / parameter.cols()][i % parameter.cols()] += STEP;
                double[][] down = values(parameter);
                down[i / parameter.cols()][i % parameter.cols()] -= STEP;
                double numeric = (Oracle.loss(logits(op, Map.of(parameter, up)), targets, weights)
                                - Oracle.loss(logits(op, Map.of(parameter, down)), targets, weights))
                        / (2 * STEP);
                assertThat(Math.abs(analytic[i] - numeric))
                        .as(
                                "%s, parameter %s, element %d: %s by the tape, %s by differences",
                                op, parameter, i, analytic[i], numeric)
                        .isLessThan(2e-5 + 2e-5 * Math.abs(numeric));
                checked += Math.abs(numeric) > 0.01 ? 1 : 0;
            }
        }
        assertThat(checked).as("gradients that are not nearly zero").isGreaterThan(15);
    }

    private double[][] logits(Op op, Map<Tensor, double[][]> moved) {
        Function<Tensor, double[][]> w = tensor -> moved.containsKey(tensor) ? moved.get(tensor) : values(tensor);
        return Oracle.linear(oracle(op, w), w.apply(head), null);
    }

    private static double[][] values(Tensor tensor) {
        double[][] values = new double[tensor.rows()][tensor.cols()];
        float[] flat = tensor.toArray();
        for (int i = 0; i < flat.length; i++) {
            values[i / tensor.cols()][i % tensor.cols()] = flat[i];
        }
        return values;
    }

    /** A network that is nothing but its head. */
    private record Head(Tensor weight) implements Network {
        @Override
        public Shape shape() {
            return new Shape(CLASSES, 1, HEADS, ROWS, Set.of());
        }

        @Override
        public Tensor hidden(Ops ops, Batch batch) {
            throw new UnsupportedOperationException("the test has made it already");
        }

        @Override
        public Tensor head(Ops ops, Tensor hidden) {
            return ops.linear(hidden, weight, null);
        }

        @Override
        public Map<String, Tensor> matrices() {
            return Map.of("head", weight);
        }
    }

    private Tensor random(double deviation, int... shape) {
        Tensor tensor = Tensor.zeros(arena, shape);
        float[] values = tensor.toArray();
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * deviation);
        }
        tensor.copyFrom(values);
        parameters.add(tensor);
        return tensor;
    }
}
