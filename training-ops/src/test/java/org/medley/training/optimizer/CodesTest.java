package org.medley.training.optimizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Tensor;

class CodesTest {
    @Test
    void everyEntryOfTheMapsIsAsPublishedAndIsItsOwnCode() {
        JsonNode maps = Draw.golden().get("maps");
        double[] signed = Draw.numbers(maps.get("signed"));
        double[] unsigned = Draw.numbers(maps.get("unsigned"));
        double[] linearSquare = Draw.numbers(maps.get("linearSquare"));
        for (int code = 0; code < 256; code++) {
            assertThat(DynamicMap.SIGNED.value(code)).isEqualTo((float) signed[code]);
            assertThat(DynamicMap.UNSIGNED.value(code)).isEqualTo((float) unsigned[code]);
            assertThat(DynamicMap.SIGNED.code((float) signed[code])).isEqualTo(code);
            assertThat(DynamicMap.UNSIGNED.code((float) unsigned[code])).isEqualTo(code);
        }
        for (int code = 0; code < 16; code++) {
            assertThat(FourBit.value(code)).isEqualTo((float) linearSquare[code]);
            assertThat(FourBit.code((float) linearSquare[code])).isEqualTo(code);
        }
    }

    @Test
    void codesAreThoseOfTheNearestValue() {
        long seed = 11;
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 20_000; i++) {
            float value = (float) ((random.nextBoolean() ? 1 : -1) * Math.pow(10, -8 * random.nextDouble()));
            assertThat(Math.abs(DynamicMap.SIGNED.value(DynamicMap.SIGNED.code(value)) - value))
                    .as("seed %d, signed %s", seed, value)
                    .isEqualTo(nearest(DynamicMap.SIGNED::value, 256, value));
            assertThat(Math.abs(DynamicMap.UNSIGNED.value(DynamicMap.UNSIGNED.code(value)) - value))
                    .as("seed %d, unsigned %s", seed, value)
                    .isEqualTo(nearest(DynamicMap.UNSIGNED::value, 256, value));
            assertThat(Math.abs(FourBit.value(FourBit.code(value)) - value))
                    .as("seed %d, linear square %s", seed, value)
                    .isEqualTo(nearest(FourBit::value, 16, value));
        }
    }

    private interface Table {
        float value(int code);
    }

    private static float nearest(Table table, int size, float value) {
        float best = Float.MAX_VALUE;
        for (int code = 0; code < size; code++) {
            best = Math.min(best, Math.abs(table.value(code) - value));
        }
        return best;
    }

    @Test
    void rowsOfAnyLengthComeBackWithinHalfAStep() {
        long seed = 12;
        SplittableRandom random = new SplittableRandom(seed);
        try (Arena arena = Arena.ofConfined()) {
            for (int n : new int[] {1, 2, 63, 64, 65, 129, 200}) {
                Tensor x = Tensor.zeros(arena, n);
                for (int i = 0; i < n; i++) {
                    Memory.f32(x.address() + 4L * i, (float) random.nextGaussian());
                }
                long codes = arena.allocate(FourBit.codes(n) + 1).address();
                Memory.i8(codes + FourBit.codes(n), (byte) 77);
                long scales = arena.allocate(4L * FourBit.scales(n), 4).address();
                Tensor y = Tensor.zeros(arena, n);
                FourBit.encode(x.address(), n, codes, scales);
                FourBit.decode(codes, scales, n, y.address());
                assertThat(Memory.i8(codes + FourBit.codes(n))).isEqualTo((byte) 77);
                for (int i = 0; i < n; i++) {
                    // The widest step is the last one, from (13/15)² to 1.
                    double half = (1 - 169 / 225.0) / 2 * Memory.f32(scales + 4L * (i / 64));
                    assertThat((double) Math.abs(x.get(i) - y.get(i)))
                            .as("seed %d, element %d of %d", seed, i, n)
                            .isLessThanOrEqualTo(half * 1.0001);
                }
            }
        }
    }

    @Test
    void aRowOfZerosStaysZero() {
        try (Arena arena = Arena.ofConfined()) {
            Tensor x = Tensor.zeros(arena, 70);
            Tensor y = Tensor.of(arena, new Draw(1).array(70), 70);
            long codes = arena.allocate(70).address();
            long scales = arena.allocate(8, 4).address();
            FourBit.encode(x.address(), 70, codes, scales);
            FourBit.decode(codes, scales, 70, y.address());
            assertThat(y.toArray()).containsOnly(0f);
            float scale = DynamicMap.SIGNED.encode(x.address(), codes, 70);
            DynamicMap.SIGNED.decode(codes, scale, y.address(), 70);
            assertThat(y.toArray()).containsOnly(0f);
        }
    }
}
