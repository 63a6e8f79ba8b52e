package org.medley.training.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.medley.runtime.tensor.Tensor;

/** Eight steps of each method beside an independent implementation in double precision. */
class OptimizerGoldenTest {
    private static final JsonNode GOLDEN = Draw.golden();
    private static final int STEPS = 8;

    /** The parameter after eight steps on drawn gradients; {@code states} is filled on the way. */
    private static float[] run(
            Arena arena,
            Settings settings,
            String name,
            int blockRows,
            int[] shape,
            int seed,
            Function<Draw, float[]> gradients,
            States states) {
        Draw draw = new Draw(seed);
        Tensor value = Tensor.zeros(arena, shape);
        value.copyFrom(draw.array((int) value.size()));
        Optimizer optimizer = Optimizers.make(settings, List.of(new Parameter(name, value, blockRows)), states);
        Tensor gradient = Tensor.zeros(arena, shape);
        for (int step = 1; step <= STEPS; step++) {
            gradient.copyFrom(gradients.apply(draw));
            optimizer.step(Map.of(name, gradient), step, step / 512f, step % 2 == 0 ? 0.75f : 1);
        }
        return value.toArray();
    }

    private static void close(float[] actual, JsonNode expected, double tolerance, int stride) {
        double[] numbers = Draw.numbers(expected);
        assertThat((actual.length + stride - 1) / stride).isEqualTo(numbers.length);
        for (int i = 0; i < numbers.length; i++) {
            assertThat((double) actual[i * stride])
                    .as("element %d", i * stride)
                    .isCloseTo(numbers[i], within(tolerance));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"adamw", "adan", "adamw_win", "adamw_win2", "adam_mini"})
    void methodsInF32(Method method) {
        record Small(String name, int blockRows, int... shape) {}
        List<Small> tensors = List.of(new Small("q", 3, 6, 8), new Small("w", 1, 7, 13), new Small("b", 0, 5));
        for (int i = 0; i < tensors.size(); i++) {
            Small small = tensors.get(i);
            try (Arena arena = Arena.ofShared()) {
                float[] value = run(
                        arena,
                        Settings.of(method),
                        small.name,
                        small.blockRows,
                        small.shape,
                        100 + i,
                        draw -> draw.spread(small.shape.length == 1 ? 5 : small.shape[0] * small.shape[1]),
                        States.in(arena));
                close(value, GOLDEN.get(method.name()).get(small.name), 5e-7, 1);
            }
        }
    }

    @Test
    void galoreFromTheLeftAndFromTheRight() {
        Settings settings = new Settings(Method.galore, 0.9f, 0.999f, 0, 1e-6f, 0, 4, 0.25f, 3, 0);
        for (boolean wide : new boolean[] {true, false}) {
            int rows = wide ? 12 : 20;
            int cols = wide ? 20 : 12;
            JsonNode expected = GOLDEN.get("galore").get(wide ? "wide" : "tall");
            try (Arena arena = Arena.ofShared()) {
                States states = States.in(arena);
                float[] value = run(
                        arena,
                        settings,
                        "x",
                        1,
                        new int[] {rows, cols},
                        wide ? 200 : 201,
                        draw -> draw.lowRank(rows, cols),
                        states);
                assertThat(states.tensors().get("m.x").shape()).containsExactly(wide ? 4 : 20, wide ? 20 : 4);
                close(value, expected.get("value"), 2e-5, 1);
            }
        }
    }

    @Test
    void adamwInEightBitsHasTheSameCodes() throws IOException {
        try (Arena arena = Arena.ofShared()) {
            States states = States.in(arena);
            float[] value = run(
                    arena,
                    Settings.of(Method.adamw8bit),
                    "w",
                    1,
                    new int[] {70, 61},
                    300,
                    draw -> draw.spread(70 * 61),
                    states);
            JsonNode expected = GOLDEN.get("adamw8bit");
            assertThat(bytes(states, "m.w")).isEqualTo(expected.get("m").binaryValue());
            assertThat(bytes(states, "v.w")).isEqualTo(expected.get("v").binaryValue());
            close(states.tensors().get("m.scale.w").toArray(), expected.get("mScales"), 1e-6, 1);
            close(states.tensors().get("v.scale.w").toArray(), expected.get("vScales"), 1e-6, 1);
            close(value, expected.get("every7th"), 2e-6, 7);
        }
    }

    @Test
    void shampooInFourBitsHasTheSameCodes() throws IOException {
        Settings settings = new Settings(Method.shampoo4bit, 0.9f, 0.95f, 0.95f, 1e-8f, 0.1f, 80, 0, 2, 3);
        try (Arena arena = Arena.ofShared()) {
            States states = States.in(arena);
            float[] value = run(
                    arena, settings, "w", 1, new int[] {160, 80}, 400, draw -> draw.wellConditioned(160, 80), states);
            JsonNode expected = GOLDEN.get("shampoo4bit");
            byte[] codes = bytes(states, "shampoo.codes.w");
            byte[] golden = expected.get("codes").binaryValue();
            assertThat(codes).hasSameSizeAs(golden);
            int apart = 0;
            for (int i = 0; i < codes.length; i++) {
                for (int shift = 0; shift < 8; shift += 4) {
                    int difference = (codes[i] >> shift & 15) - (golden[i] >> shift & 15);
                    assertThat(Math.abs(difference)).as("code %d", 2 * i).isLessThanOrEqualTo(1);
                    apart += Math.abs(difference);
                }
            }
            System.out.printf("4-bit Shampoo: %d of %d codes apart from the golden ones%n", apart, 2 * codes.length);
            assertThat(apart).isLessThanOrEqualTo(2 * codes.length / 1000);
            close(states.tensors().get("shampoo.values.w").toArray(), expected.get("values"), 1e-3, 1);
            close(value, expected.get("every7th"), 2e-4, 7);
        }
    }

    private static byte[] bytes(States states, String name) {
        return states.tensors().get(name).data().toArray(ValueLayout.JAVA_BYTE);
    }
}
