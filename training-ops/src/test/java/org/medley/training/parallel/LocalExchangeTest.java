package org.medley.training.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Tensor;
import org.medley.training.optimizer.Draw;
import org.medley.training.optimizer.Parameter;
import org.medley.training.optimizer.States;

class LocalExchangeTest {
    private static List<Parameter> vector(Arena arena, int size) {
        return List.of(new Parameter("g", Tensor.zeros(arena, size), 0));
    }

    private static List<Map<String, Tensor>> gradients(Arena arena, Draw draw, int workers, int size) {
        List<Map<String, Tensor>> gradients = new ArrayList<>();
        for (int i = 0; i < workers; i++) {
            gradients.add(Map.of("g", Tensor.of(arena, draw.spread(size), size)));
        }
        return gradients;
    }

    @ParameterizedTest
    @CsvSource({
        "naive, 3",
        "naive, 4",
        "naive, 8",
        "error_feedback, 3",
        "error_feedback, 4",
        "error_feedback, 8",
        "loco, 3",
        "loco, 4",
        "loco, 8"
    })
    void sixStepsAreThoseOfAnIndependentImplementation(Compression compression, int bits) {
        try (Arena arena = Arena.ofShared()) {
            ExchangeSettings settings = new ExchangeSettings(compression, bits, 128, 0.8f, 4);
            LocalExchange exchange = new LocalExchange(settings, 3, vector(arena, 300), States.in(arena));
            Draw draw = new Draw(500);
            List<Map<String, Tensor>> gradients = List.of();
            for (int step = 1; step <= 6; step++) {
                gradients = gradients(arena, draw, 3, 300);
                exchange.average(gradients, step);
            }
            double[] expected = Draw.numbers(Draw.golden().get("exchange").get(compression + " " + bits));
            float[] first = gradients.getFirst().get("g").toArray();
            for (int i = 0; i < 300; i++) {
                assertThat((double) first[i]).as("element %d", i).isCloseTo(expected[i], within(1e-6));
            }
            for (Map<String, Tensor> other : gradients) {
                assertThat(other.get("g").toArray()).isEqualTo(first);
            }
        }
    }

    @Test
    void plainAveragesAreExact() {
        try (Arena arena = Arena.ofShared()) {
            LocalExchange exchange =
                    new LocalExchange(ExchangeSettings.of(Compression.none), 3, vector(arena, 1003), States.in(arena));
            List<Map<String, Tensor>> gradients = gradients(arena, new Draw(1), 3, 1003);
            double[] mean = new double[1003];
            gradients.forEach(g -> {
                for (int i = 0; i < mean.length; i++) {
                    mean[i] += g.get("g").get(i) / 3.0;
                }
            });
            exchange.average(gradients, 1);
            for (int i = 0; i < mean.length; i++) {
                assertThat((double) gradients.get(2).get("g").get(i)).isCloseTo(mean[i], within(1e-7));
            }
        }
    }

    /** Bytes by hand: each of 2·(N−1) ways carries all values' bits, and four bytes for each group begun. */
    @ParameterizedTest
    @CsvSource({
        "none, 4, 4, 2560, 61440, 61440",
        "naive, 4, 4, 2560, 7920, 61440", // 6·(2560/2 + 10·4): 7.76 times less
        "loco, 4, 4, 2560, 7920, 61440",
        "loco, 8, 4, 2560, 15600, 61440", // 6·(2560 + 40): 3.94 times
        "loco, 3, 2, 2570, 2016, 20560", // 2·(10·(96 + 4) + 4 + 4): the last group has 10 values
        "error_feedback, 4, 1, 2560, 0, 0",
    })
    void bytesOnTheWire(Compression compression, int bits, int workers, int size, long sent, long plain) {
        try (Arena arena = Arena.ofShared()) {
            LocalExchange exchange = new LocalExchange(
                    new ExchangeSettings(compression, bits, 256, 0.8f, 1024),
                    workers,
                    vector(arena, size),
                    States.in(arena));
            GradientExchange.Traffic traffic = exchange.average(gradients(arena, new Draw(1), workers, size), 1);
            assertThat(traffic).isEqualTo(new GradientExchange.Traffic(sent, plain));
        }
    }

    @Test
    void aSingleWorkerKeepsItsGradients() {
        try (Arena arena = Arena.ofShared()) {
            LocalExchange exchange =
                    new LocalExchange(ExchangeSettings.of(Compression.loco), 1, vector(arena, 99), States.in(arena));
            List<Map<String, Tensor>> gradients = gradients(arena, new Draw(1), 1, 99);
            float[] before = gradients.getFirst().get("g").toArray();
            exchange.average(gradients, 1);
            assertThat(gradients.getFirst().get("g").toArray()).isEqualTo(before);
        }
    }

    @Test
    void lossesAreStatesFromWhichARunGoesOnBitForBit() {
        try (Arena arena = Arena.ofShared()) {
            List<Parameter> parameters = vector(arena, 777);
            ExchangeSettings settings = new ExchangeSettings(Compression.loco, 4, 64, 0.8f, 5);
            LocalExchange whole = new LocalExchange(settings, 2, parameters, States.in(arena));
            LocalExchange resumed = new LocalExchange(settings, 2, parameters, States.in(arena));
            assertThat(whole.states().tensors()).containsOnlyKeys("error.0.g", "error.1.g");
            assertThat(whole.states().bytes()).isEqualTo(2 * 4 * 777);
            Draw draw = new Draw(4);
            Draw again = new Draw(4);
            for (int step = 1; step <= 8; step++) {
                List<Map<String, Tensor>> a = gradients(arena, draw, 2, 777);
                List<Map<String, Tensor>> b = gradients(arena, again, 2, 777);
                whole.average(a, step);
                if (step == 3) {
                    whole.states()
                            .tensors()
                            .forEach((name, t) ->
                                    resumed.states().tensors().get(name).copyFrom(t));
                }
                if (step > 3) {
                    resumed.average(b, step);
                    assertThat(b.get(1).get("g").toArray())
                            .isEqualTo(a.get(1).get("g").toArray());
                }
                float[] error = whole.states().tensors().get("error.0.g").toArray();
                if (step % 5 == 0) {
                    assertThat(error).containsOnly(0f);
                } else {
                    assertThat(error).isNotEqualTo(new float[777]);
                }
            }
        }
    }

    @Test
    void everyCodeOfEveryWidthArrives() {
        try (Arena arena = Arena.ofShared()) {
            for (int bits = 2; bits <= 8; bits++) {
                int top = (1 << (bits - 1)) - 1;
                int n = 2 * top + 1;
                GroupCode code = new GroupCode(bits);
                Tensor x = Tensor.zeros(arena, n);
                for (int i = 0; i < n; i++) {
                    Memory.f32(x.address() + 4L * i, (i - top) * 0.375f);
                }
                Tensor y = Tensor.zeros(arena, n);
                Tensor scratch = Tensor.zeros(arena, n);
                long message = arena.allocate(code.bytes(n) + 1L, 4).address();
                Memory.i8(message + code.bytes(n), (byte) 77);
                code.encode(x.address(), n, scratch.address(), message);
                code.decode(message, n, y.address());
                assertThat(y.toArray()).as("%d bits", bits).isEqualTo(x.toArray());
                assertThat(Memory.i8(message + code.bytes(n))).isEqualTo((byte) 77);
            }
        }
    }

    @Test
    void randomGroupsArriveWithinHalfAStep() {
        long seed = 31;
        SplittableRandom random = new SplittableRandom(seed);
        try (Arena arena = Arena.ofShared()) {
            for (int trial = 0; trial < 200; trial++) {
                int bits = 2 + random.nextInt(7);
                int n = 1 + random.nextInt(300);
                GroupCode code = new GroupCode(bits);
                Tensor x = Tensor.zeros(arena, n);
                double size = Math.pow(10, random.nextDouble(-44, 37));
                float max = 0;
                for (int i = 0; i < n; i++) {
                    float value = (float) (size * random.nextGaussian());
                    Memory.f32(x.address() + 4L * i, value);
                    max = Math.max(max, Math.abs(value));
                }
                Tensor y = Tensor.zeros(arena, n);
                code.encode(
                        x.address(),
                        n,
                        Tensor.zeros(arena, n).address(),
                        arena.allocate(code.bytes(n), 4).address());
                long message = arena.allocate(code.bytes(n), 4).address();
                code.encode(x.address(), n, Tensor.zeros(arena, n).address(), message);
                code.decode(message, n, y.address());
                int top = (1 << (bits - 1)) - 1;
                double bound = max / top < Float.MIN_NORMAL ? max : 0.5001 * max / top;
                for (int i = 0; i < n; i++) {
                    assertThat((double) Math.abs(y.get(i) - x.get(i)))
                            .as("seed %d, trial %d: %d bits, size %s", seed, trial, bits, size)
                            .isLessThanOrEqualTo(bound);
                }
            }
        }
    }

    @Test
    void whatDoesNotFitIsRefused() {
        try (Arena arena = Arena.ofShared()) {
            LocalExchange exchange =
                    new LocalExchange(ExchangeSettings.of(Compression.naive), 2, vector(arena, 10), States.in(arena));
            assertThatThrownBy(() -> exchange.average(gradients(arena, new Draw(1), 3, 10), 1))
                    .hasMessage("gradients of 3 workers; the exchange is among 2");
            assertThatThrownBy(() -> exchange.average(gradients(arena, new Draw(1), 2, 11), 1))
                    .hasMessage("worker 0's gradient of g is F32[11]; 10 F32 elements are averaged");
            assertThatThrownBy(() -> new ExchangeSettings(Compression.loco, 1, 256, 0.8f, 10))
                    .hasMessageContaining("bits is 1.0; it must be 2 to 8");
        }
    }
}
