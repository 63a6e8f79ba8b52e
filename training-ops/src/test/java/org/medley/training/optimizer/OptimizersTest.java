package org.medley.training.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Tensor;

class OptimizersTest {
    /** Settings under which everything a method does happens within a few steps on small matrices. */
    static Settings small(Method method) {
        return switch (method) {
            case galore -> new Settings(method, 0.9f, 0.999f, 0, 1e-6f, 0.01f, 8, 1, 3, 0);
            case shampoo4bit -> new Settings(method, 0.9f, 0.95f, 0.95f, 1e-8f, 0.01f, 20, 0, 2, 2);
            default -> Settings.of(method);
        };
    }

    static List<Parameter> parameters(Arena arena, int rows, int cols, int seed) {
        Draw draw = new Draw(seed);
        return List.of(
                new Parameter("w", Tensor.of(arena, draw.array(rows * cols), rows, cols), 1),
                new Parameter("embed", Tensor.of(arena, draw.array(30 * 20), 30, 20), 1),
                new Parameter("b", Tensor.of(arena, draw.array(37), 37), 0));
    }

    static Map<String, Tensor> gradients(Arena arena, List<Parameter> parameters, Draw draw) {
        return parameters.stream()
                .collect(java.util.stream.Collectors.toMap(
                        Parameter::name,
                        p -> Tensor.of(arena, draw.spread(p.size()), p.value().shape())));
    }

    @ParameterizedTest
    @EnumSource
    void whatIsPlannedIsWhatIsAllocated(Method method) {
        try (Arena arena = Arena.ofShared()) {
            List<Parameter> parameters = parameters(arena, 111, 67, 1);
            States states = States.in(arena);
            Optimizers.make(small(method), parameters, states);
            long allocated = states.tensors().values().stream()
                    .mapToLong(t -> t.data().byteSize())
                    .sum();
            assertThat(states.bytes()).isEqualTo(allocated);
            assertThat(Optimizers.bytes(small(method), parameters)).isEqualTo(allocated);
        }
    }

    /** The numbers of {@link Method}'s documentation. */
    @ParameterizedTest
    @CsvSource({
        "adamw, 2048, 2048, 8",
        "adan, 2048, 2048, 16",
        "adamw_win, 2048, 2048, 12",
        "adamw_win2, 2048, 2048, 16",
        "adam_mini, 2048, 2048, 4.001953125", // 4 + 4 for each row of 2048
        "galore, 2048, 8192, 0.5625", // 8·128/2048 + 4·128/8192
        "galore, 8192, 2048, 0.5625",
        "adamw8bit, 2048, 2048, 2.03125",
        "shampoo4bit, 2048, 1024, 10.265625", // 8 + 1.125·2 + 8·2048/1024²
        "shampoo4bit, 1200, 2400, 10.2666667",
    })
    void bytesOfStatesPerElement(Method method, int rows, int cols, double bytes) {
        Settings settings = Settings.of(method);
        if (cols == 1024) {
            settings = new Settings(method, 0.9f, 0.95f, 0.95f, 1e-8f, 0.1f, 1024, 0, 100, 500);
        }
        // Memory that is not there: nothing may be touched before the first step.
        long size = 4L * rows * cols;
        Parameter matrix =
                new Parameter("w", new Tensor(DType.F32, new int[] {rows, cols}, Memory.ALL.asSlice(64, size)), 1);
        double each = (double) Optimizers.bytes(settings, List.of(matrix)) / rows / cols;
        assertThat(each).isCloseTo(bytes, within(1e-6));
        Parameter vector = new Parameter("b", new Tensor(DType.F32, new int[] {100}, Memory.ALL.asSlice(64, 400)), 0);
        long plain = Optimizers.bytes(settings, List.of(vector));
        assertThat(plain)
                .isEqualTo(
                        switch (method) {
                            case adan, adamw_win2 -> 1600;
                            case adamw_win -> 1200;
                            case adam_mini -> 404;
                            default -> 800;
                        });
    }

    @Test
    void tokenTablesKeepWholeMoments() {
        try (Arena arena = Arena.ofShared()) {
            List<Parameter> parameters = List.of(
                    new Parameter("model.embed_tokens.weight", Tensor.zeros(arena, 80, 60), 1),
                    new Parameter("lm_head.weight", Tensor.zeros(arena, 80, 60), 1),
                    new Parameter("model.layers.0.mlp.up_proj.weight", Tensor.zeros(arena, 80, 60), 1));
            for (Method method : List.of(Method.galore, Method.adamw8bit)) {
                States states = States.in(arena);
                Optimizers.make(small(method), parameters, states);
                for (int i = 0; i < 3; i++) {
                    String moments = states.tensors()
                            .get("m." + parameters.get(i).name())
                            .toString();
                    assertThat(moments.equals("F32[80, 60]"))
                            .as("%s: %s", method, parameters.get(i).name())
                            .isEqualTo(i < 2);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRunThatWasSavedMidwayGoesOnBitForBit(Method method) {
        int steps = 7;
        for (int saved : new int[] {1, 3, 5}) {
            try (Arena arena = Arena.ofShared()) {
                List<Parameter> whole = parameters(arena, 90, 77, 2);
                List<Parameter> copy = parameters(arena, 90, 77, 3);
                Optimizer first = Optimizers.make(small(method), whole, States.in(arena));
                Optimizer second = Optimizers.make(small(method), copy, States.in(arena));
                Draw draw = new Draw(5);
                for (int step = 1; step <= steps; step++) {
                    Map<String, Tensor> gradients = gradients(arena, whole, draw);
                    first.step(gradients, step, 0.01f, 0.5f);
                    if (step > saved) {
                        second.step(gradients, step, 0.01f, 0.5f);
                    }
                    if (step == saved) {
                        first.states()
                                .tensors()
                                .forEach((name, tensor) ->
                                        second.states().tensors().get(name).copyFrom(tensor));
                        for (int i = 0; i < whole.size(); i++) {
                            copy.get(i).value().copyFrom(whole.get(i).value());
                        }
                    }
                }
                for (int i = 0; i < whole.size(); i++) {
                    assertThat(copy.get(i).value().toArray())
                            .as("saved after step %d: %s", saved, whole.get(i).name())
                            .isEqualTo(whole.get(i).value().toArray());
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "adamw, 0.02",
        "adan, 0.05",
        "adamw_win, 0.02",
        "adamw_win2, 0.02",
        "adam_mini, 0.02",
        "galore, 0.2",
        "adamw8bit, 0.02",
        "shampoo4bit, 0.02"
    })
    void eachMethodLowersALoss(Method method, float rate) {
        int samples = 128;
        int in = 64;
        int out = 66;
        Draw draw = new Draw(9);
        float[] x = draw.array(samples * in);
        float[] truth = draw.array(in * out);
        try (Arena arena = Arena.ofShared()) {
            Parameter weight = new Parameter("w", Tensor.of(arena, draw.array(in * out), in, out), 1);
            Parameter bias = new Parameter("b", Tensor.of(arena, draw.array(out), out), 0);
            Map<String, Tensor> gradients = Map.of("w", Tensor.zeros(arena, in, out), "b", Tensor.zeros(arena, out));
            Optimizer optimizer = Optimizers.make(small(method), List.of(weight, bias), States.in(arena));
            double start = loss(x, truth, weight, bias, gradients, samples);
            double end = start;
            for (int step = 1; step <= 60; step++) {
                optimizer.step(gradients, step, rate, 1);
                end = loss(x, truth, weight, bias, gradients, samples);
            }
            System.out.printf("%s: loss %.4f, after 60 steps %.4f%n", method, start, end);
            assertThat(end).isLessThan(0.35 * start);
        }
    }

    /** Mean squared error of a linear layer whose outputs should be x · truth, and its gradients. */
    private static double loss(
            float[] x, float[] truth, Parameter weight, Parameter bias, Map<String, Tensor> gradients, int samples) {
        int in = weight.value().rows();
        int out = weight.value().cols();
        float[] w = weight.value().toArray();
        float[] b = bias.value().toArray();
        float[] dw = new float[in * out];
        float[] db = new float[out];
        double loss = 0;
        for (int s = 0; s < samples; s++) {
            for (int o = 0; o < out; o++) {
                float error = b[o];
                for (int i = 0; i < in; i++) {
                    error += x[s * in + i] * (w[i * out + o] - truth[i * out + o]);
                }
                loss += error * error / samples / out;
                db[o] += 2 * error / samples;
                for (int i = 0; i < in; i++) {
                    dw[i * out + o] += 2 * error * x[s * in + i] / samples;
                }
            }
        }
        gradients.get("w").copyFrom(dw);
        gradients.get("b").copyFrom(db);
        return loss;
    }

    @Test
    void matricesDecayAndVectorsDoNot() {
        for (Method method : Method.values()) {
            try (Arena arena = Arena.ofShared()) {
                List<Parameter> parameters = parameters(arena, 90, 77, 2);
                List<Parameter> before = parameters(arena, 90, 77, 2);
                Settings settings = small(method);
                Optimizer optimizer = Optimizers.make(settings, parameters, States.in(arena));
                Map<String, Tensor> gradients = Map.of(
                        "w", Tensor.zeros(arena, 90, 77),
                        "embed", Tensor.zeros(arena, 30, 20),
                        "b", Tensor.zeros(arena, 37));
                for (int step = 1; step <= 3; step++) {
                    optimizer.step(gradients, step, 0.5f, 1);
                }
                for (int i = 0; i < 3; i++) {
                    float[] old = before.get(i).value().toArray();
                    float[] now = parameters.get(i).value().toArray();
                    for (int j = 0; j < old.length; j++) {
                        double share = now[j] / old[j];
                        if (i == 2) {
                            assertThat(share).as("%s, vector", method).isCloseTo(1, within(1e-6));
                        } else if (old[j] != 0) {
                            assertThat(share).as("%s, matrix", method).isCloseTo(left(settings), within(1e-5));
                        }
                    }
                }
            }
        }
    }

    /** What three steps at rate 0.5 leave of a matrix without a gradient. */
    private static double left(Settings settings) {
        double d = 0.5 * settings.weightDecay();
        double x = 1;
        double y = 1;
        double z = 1;
        for (int step = 0; step < 3; step++) {
            x /= 1 + d;
            y = (y + 2 * x) / (3 + 2 * d);
            z = (z + 8 * x + 4 * y) / (13 + 8 * d);
        }
        return switch (settings.method()) {
            case adan -> x;
            case adamw_win -> y;
            case adamw_win2 -> z;
            default -> Math.pow(1 - d, 3);
        };
    }

    @Test
    void galoreDoesNotCareForTheSignsOfItsDirections() {
        try (Arena arena = Arena.ofShared()) {
            Parameter a = new Parameter("w", Tensor.zeros(arena, 30, 40), 1);
            Parameter b = new Parameter("w", Tensor.zeros(arena, 30, 40), 1);
            Settings settings = new Settings(Method.galore, 0.9f, 0.999f, 0, 1e-6f, 0, 5, 1, 100, 0);
            Optimizer first = Optimizers.make(settings, List.of(a), States.in(arena));
            Optimizer second = Optimizers.make(settings, List.of(b), States.in(arena));
            Draw draw = new Draw(7);
            for (int step = 1; step <= 4; step++) {
                Map<String, Tensor> gradient = Map.of("w", Tensor.of(arena, draw.lowRank(30, 40), 30, 40));
                first.step(gradient, step, 0.01f, 1);
                second.step(gradient, step, 0.01f, 1);
                if (step == 1) {
                    for (String name : List.of("p.w", "m.w")) {
                        Tensor state = second.states().tensors().get(name);
                        for (int i = 0; i < state.cols(); i++) {
                            Memory.f32(state.row(2) + 4L * i, -Memory.f32(state.row(2) + 4L * i));
                        }
                    }
                }
            }
            assertThat(b.value().toArray()).isEqualTo(a.value().toArray());
        }
    }

    @Test
    void whatDoesNotFitIsRefused() {
        try (Arena arena = Arena.ofShared()) {
            Parameter w = new Parameter("w", Tensor.zeros(arena, 4, 6), 1);
            Optimizer optimizer = Optimizers.make(Settings.of(Method.adamw), List.of(w), States.in(arena));
            assertThatThrownBy(() -> optimizer.step(Map.of(), 1, 0.1f, 1))
                    .hasMessage("there is no gradient of parameter w");
            assertThatThrownBy(() -> optimizer.step(Map.of("w", Tensor.zeros(arena, 5)), 1, 0.1f, 1))
                    .hasMessage("the gradient of parameter w F32[4, 6] is F32[5]");
            assertThatThrownBy(() -> optimizer.step(Map.of(), 0, 0.1f, 1)).hasMessageContaining("counted from 1");
            assertThatThrownBy(() -> new Parameter("w", Tensor.zeros(arena, 4, 6), 3))
                    .hasMessage("parameter w F32[4, 6]: blocks of 3 rows do not divide its 4 rows");
            assertThatThrownBy(() -> Optimizers.make(Settings.of(Method.adamw), List.of(w, w), States.in(arena)))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> States.planned().make("x", DType.BF16, 3))
                    .hasMessage("state x as BF16; states are F32 or I8");
            assertThatThrownBy(() -> new Settings(Method.galore, 0.9f, 0.9f, 0, 1e-8f, 0, 0, 1, 1, 0))
                    .hasMessage("optimizer galore: rank is 0.0; it must be at least 1");
            assertThatThrownBy(() -> new Settings(Method.adamw, 1, 0.9f, 0, 1e-8f, 0, 0, 0, 0, 0))
                    .hasMessage("optimizer adamw: beta1 is 1.0; it must be in [0, 1)");
        }
    }
}
