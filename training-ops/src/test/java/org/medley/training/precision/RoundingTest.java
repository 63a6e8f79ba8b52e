package org.medley.training.precision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.medley.runtime.tensor.Float8;
import org.medley.runtime.tensor.Memory;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.kernel.Rounding;
import org.medley.runtime.tensor.kernel.Rounding.Format;

/** Every value of the small formats, and what lies between them. */
class RoundingTest {
    private final Arena arena = Arena.ofAuto();

    private static Format format(String name) {
        return switch (name) {
            case "E4M3" -> Format.E4M3;
            case "E5M2" -> Format.E5M2;
            default -> Format.E2M1;
        };
    }

    /** All finite values of a format, from the definition of its codes. */
    private static TreeSet<Float> values(String name) {
        TreeSet<Float> values = new TreeSet<>();
        for (int code = 0; code < 256; code++) {
            float value = switch (name) {
                case "E4M3" -> Float8.e4m3((byte) code);
                case "E5M2" -> Float8.e5m2((byte) code);
                default -> {
                    float[] magnitudes = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};
                    yield code < 16 ? magnitudes[code & 7] * (code < 8 ? 1 : -1) : Float.NaN;
                }
            };
            if (Float.isFinite(value)) {
                values.add(value);
            }
        }
        values.remove(-0f);
        values.add(0f);
        return values;
    }

    @ParameterizedTest
    @CsvSource({"E4M3,253", "E5M2,247", "E2M1,15"})
    void everyValueStaysAndWhatLiesBetweenGoesToTheNearestTiesToEven(String name, int count) {
        TreeSet<Float> values = values(name);
        assertThat(values).hasSize(count);
        Float lower = null;
        int index = -values.headSet(0f).size();
        for (float value : values) {
            assertThat(Rounding.nearest(format(name), value)).isEqualTo(value);
            if (lower != null) {
                float middle = lower / 2 + value / 2;
                // Codes count up from zero, so a value is even if it is an even number of steps away from it.
                float even = index % 2 == 0 ? value : lower;
                assertThat(Rounding.nearest(format(name), middle))
                        .as("the middle of %s and %s", lower, value)
                        .isEqualTo(even);
                assertThat(Rounding.nearest(format(name), Math.nextDown(middle)))
                        .isEqualTo(lower);
                assertThat(Rounding.nearest(format(name), Math.nextUp(middle))).isEqualTo(value);
            }
            lower = value;
            index++;
        }
        float max = values.last();
        assertThat(Rounding.nearest(format(name), max * 1000)).isEqualTo(max);
        assertThat(Rounding.nearest(format(name), Float.NEGATIVE_INFINITY)).isEqualTo(-max);
        assertThat(Rounding.nearest(format(name), Float.NaN)).isNaN();
    }

    @Test
    void e4m3RoundsAsTheStorageFormatDoes() {
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 100_000; i++) {
            float value = (float) (random.nextGaussian() * Math.scalb(1.0, random.nextInt(24) - 14));
            assertThat(Rounding.nearest(Format.E4M3, value))
                    .as("%s", value)
                    .isEqualTo(Float8.e4m3(Float8.toE4m3(value)) + 0f);
        }
    }

    @Test
    void bf16RoundsAsTheStorageFormatDoes() {
        SplittableRandom random = new SplittableRandom(6);
        Tensor x = random(random, 1, 1003);
        Tensor y = Tensor.zeros(arena, 1, 1003);
        Emulation.bf16(x, y);
        for (int i = 0; i < 1003; i++) {
            assertThat(y.get(i)).isEqualTo(Float.intBitsToFloat(Memory.toBf16(x.get(i)) << 16));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"E4M3", "E2M1"})
    void randomRoundingGoesToTheNeighboursAndKeepsTheMean(String name) {
        TreeSet<Float> values = values(name);
        for (float wanted : new float[] {0.3f, 1.2f, -1.26f, 3.9f, 5.1f, 0.001f}) {
            int n = 40_000;
            Tensor x = Tensor.zeros(arena, 1, n);
            float[] all = new float[n];
            java.util.Arrays.fill(all, wanted);
            x.copyFrom(all);
            Tensor y = Tensor.zeros(arena, 1, n);
            Rounding.tiles(format(name), largest -> 1, 1, n, 77, x.address(), 1, n, y.address());
            float below = values.floor(wanted);
            float above = values.ceiling(wanted);
            double sum = 0;
            for (float value : y.toArray()) {
                assertThat(value).isIn(below, above);
                sum += value;
            }
            double deviation = (above - below) / 2 / Math.sqrt(n);
            assertThat(sum / n).as("mean of %s in %s", wanted, name).isCloseTo(wanted, within(5 * deviation + 1e-7));
        }
    }

    @ParameterizedTest
    @CsvSource({"1,128,true", "128,1,true", "128,128,false", "128,1,false", "0,0,true", "16,1,false", "16,16,false"})
    void tilesAreDividedByTheirScaleRoundedAndMultipliedAgain(int rows, int cols, boolean power) {
        Tensor x = random(new SplittableRandom(7), 150, 203);
        Tensor y = Tensor.zeros(arena, 150, 203);
        Tiling tiling = new Tiling(Format.E4M3, rows, cols, power, false);
        tiling.round(x, 0, y);
        int height = rows == 0 ? 150 : rows;
        int width = cols == 0 ? 203 : cols;
        for (int i = 0; i < 150; i++) {
            for (int j = 0; j < 203; j++) {
                float max = 0;
                for (int a = i / height * height; a < Math.min(150, (i / height + 1) * height); a++) {
                    for (int b = j / width * width; b < Math.min(203, (j / width + 1) * width); b++) {
                        max = Math.max(max, Math.abs(x.get(a * 203L + b)));
                    }
                }
                float scale = max / 448;
                if (power) {
                    scale = (float) Math.pow(2, Math.ceil(Math.log(scale) / Math.log(2) - 1e-9));
                }
                float expected = scale * Float8.e4m3(Float8.toE4m3(x.get(i * 203L + j) / scale));
                assertThat(y.get(i * 203L + j)).as("%d, %d", i, j).isEqualTo(expected + 0f);
            }
        }
    }

    @Test
    void fourBitsAreWithinTheirStepOfTheValueUnderScalesOfTwoLevels() {
        Tensor x = random(new SplittableRandom(8), 32, 64);
        Tensor y = Tensor.zeros(arena, 32, 64);
        new Tiling(Format.E2M1, 1, 16, false, true).round(x, 0, y);
        double error = 0;
        double energy = 0;
        for (int i = 0; i < 32; i++) {
            for (int block = 0; block < 64; block += 16) {
                float max = 0;
                for (int j = block; j < block + 16; j++) {
                    max = Math.max(max, Math.abs(x.get(i * 64L + j)));
                }
                for (int j = block; j < block + 16; j++) {
                    double difference = y.get(i * 64L + j) - x.get(i * 64L + j);
                    // A sixth of the largest is the widest half step; the block's own scale is off by up to 1/16.
                    assertThat(Math.abs(difference)).isLessThan(max * (1.0 / 6 + 1.0 / 14));
                    error += difference * difference;
                    energy += (double) x.get(i * 64L + j) * x.get(i * 64L + j);
                }
            }
        }
        assertThat(Math.sqrt(error / energy)).isBetween(0.05, 0.13);
    }

    @Test
    void aHadamardTransformKeepsProductsOverRows() {
        SplittableRandom random = new SplittableRandom(9);
        Tensor a = random(random, 37, 19);
        Tensor b = random(random, 37, 23);
        Tensor c = Tensor.zeros(arena, 37, 19);
        Tensor d = Tensor.zeros(arena, 37, 23);
        Rounding.hadamard(a.address(), 37, 19, 0b1011_0010_1110_0101, c.address());
        Rounding.hadamard(b.address(), 37, 23, 0b1011_0010_1110_0101, d.address());
        assertThat(c.get(0)).isNotEqualTo(a.get(0));
        for (int i = 0; i < 19; i++) {
            for (int j = 0; j < 23; j++) {
                double before = 0;
                double after = 0;
                for (int row = 0; row < 37; row++) {
                    before += (double) a.get(row * 19L + i) * b.get(row * 23L + j);
                    after += (double) c.get(row * 19L + i) * d.get(row * 23L + j);
                }
                assertThat(after).isCloseTo(before, within(1e-3 * Math.max(1, Math.abs(before))));
            }
        }
    }

    /** Values over many orders of magnitude. */
    private Tensor random(SplittableRandom random, int rows, int cols) {
        float[] values = new float[rows * cols];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * Math.scalb(1.0, random.nextInt(4)));
        }
        return Tensor.of(arena, values, rows, cols);
    }
}
