package org.medley.training.autograd;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;

/** Every op's way back beside central differences of its way forward, for every input and weight. */
class GradientTest {
    private static final int ROWS = 7;
    private static final float STEP = 1e-2f;

    private final Arena arena = Arena.ofAuto();
    private final SplittableRandom random = new SplittableRandom(11);

    /** An op between a first linear layer, which makes its inputs intermediates, and the loss. */
    private enum Op {
        EMBEDDING,
        LINEAR_WITH_BIAS,
        RMS_NORM,
        GROUPED_RMS_NORM,
        ROPE,
        PARTIAL_ROPE,
        ATTENTION,
        WINDOWED_ATTENTION,
        SWIGLU,
        ADD,
        ROWS
    }

    @ParameterizedTest
    @EnumSource(Op.class)
    void analyticGradientEqualsTheDifferenceQuotient(Op op) {
        int width = 24;
        int classes = 13;
        int[] ids = IntStream.range(0, ROWS).map(i -> (i * 5) % 11).toArray();
        int[] targets = IntStream.range(0, ROWS).map(i -> (i * 3) % classes).toArray();
        int[] positions = {0, 1, 2, 3, 0, 1, 2};
        Batch batch = new Batch(ids, positions, List.of(new Batch.Span(0, 4), new Batch.Span(4, 3)));
        RopeTable table = new RopeTable(RopeTable.frequencies(6, 100), 8);
        RopeTable partial = new RopeTable(6, RopeTable.frequencies(4, 100), 8, 1.3);
        Tensor embedding = random(1, 11, width);
        Tensor first = random(0.3, width, width);
        Tensor second = random(0.3, width, width);
        Tensor narrow = random(0.3, width / 2, width);
        Tensor third = random(0.3, width / 2, width);
        Tensor norm = random(1, width);
        Tensor groupNorm = random(1, 6);
        Tensor bias = random(1, width);
        Tensor head = random(0.3, classes, width);
        Function<Ops, Tensor> logits = ops -> {
            Tensor e = ops.embedding(embedding, ids);
            Tensor x = ops.linear(e, first, null);
            Tensor y = switch (op) {
                case EMBEDDING -> e;
                case LINEAR_WITH_BIAS -> ops.linear(x, second, bias);
                case RMS_NORM -> ops.rmsNorm(x, norm, 1e-5f);
                case GROUPED_RMS_NORM -> ops.rmsNorm(x, groupNorm, 1e-5f);
                case ROPE -> ops.rope(x, positions, table);
                case PARTIAL_ROPE -> ops.rope(x, positions, partial);
                case ATTENTION ->
                    ops.attention(
                            x,
                            ops.linear(e, narrow, null),
                            ops.linear(e, third, null),
                            Attention.causal(new Ops.Heads(4, 2, 6)),
                            0,
                            batch);
                case WINDOWED_ATTENTION ->
                    ops.attention(
                            x,
                            ops.linear(e, narrow, null),
                            ops.linear(e, third, null),
                            new Attention(new Ops.Heads(4, 2, 6), 0.3f, 2, 0, true),
                            0,
                            batch);
                case SWIGLU -> ops.swiglu(x, ops.linear(e, second, null));
                case ADD -> ops.add(x, ops.add(x, ops.linear(e, second, null)));
                case ROWS -> ops.rows(x, new int[] {6, 0, 0, 3, 2, 1, 5});
            };
            return ops.linear(y, head, null);
        };
        List<Tensor> all = List.of(embedding, first, second, narrow, third, norm, groupNorm, bias, head);
        Map<Tensor, Tensor> gradients = new IdentityHashMap<>();
        all.forEach(tensor -> gradients.put(tensor, Tensor.zeros(arena, tensor.shape())));
        try (Workspace workspace = new Workspace()) {
            Tape tape = new Tape(new CpuOps(workspace), new CpuBackwardOps(), workspace, gradients);
            tape.backward(logits.apply(tape), targets, 1);
        }
        int checked = 0;
        for (Tensor parameter : all) {
            float[] analytic = gradients.get(parameter).toArray();
            float[] values = parameter.toArray();
            for (int i = 0; i < values.length; i += 1 + values.length / 20) {
                double numeric = (lossAt(parameter, values, i, STEP, logits, targets)
                                - lossAt(parameter, values, i, -STEP, logits, targets))
                        / (2 * STEP);
                double allowed = 2e-2 * Math.max(0.1, Math.abs(numeric));
                assertThat(Math.abs(analytic[i] - numeric))
                        .as(
                                "%s, parameter %s, element %d: %s by the tape, %s by differences",
                                op, parameter, i, analytic[i], numeric)
                        .isLessThan(allowed);
                checked += Math.abs(numeric) > 0.01 ? 1 : 0;
            }
        }
        assertThat(checked).as("gradients that are not nearly zero").isGreaterThan(20);
    }

    private static double lossAt(
            Tensor parameter, float[] values, int index, float step, Function<Ops, Tensor> logits, int[] targets) {
        float[] moved = values.clone();
        moved[index] += step;
        parameter.copyFrom(moved);
        try (Workspace workspace = new Workspace()) {
            Tensor out = logits.apply(new CpuOps(workspace));
            double loss = 0;
            for (int row = 0; row < targets.length; row++) {
                double sum = 0;
                for (int j = 0; j < out.cols(); j++) {
                    sum += Math.exp(out.get((long) row * out.cols() + j));
                }
                loss += Math.log(sum) - out.get((long) row * out.cols() + targets[row]);
            }
            return loss;
        } finally {
            parameter.copyFrom(values);
        }
    }

    private Tensor random(double deviation, int... shape) {
        Tensor tensor = Tensor.zeros(arena, shape);
        float[] values = tensor.toArray();
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * deviation);
        }
        tensor.copyFrom(values);
        return tensor;
    }
}
