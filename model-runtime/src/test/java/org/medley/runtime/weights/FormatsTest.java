package org.medley.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;

class FormatsTest {
    private static Tensor random(Arena arena, long seed, int rows, int cols) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[rows * cols];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * 0.02);
        }
        return Tensor.of(arena, values, rows, cols);
    }

    /** @param relative largest error as a part of the largest magnitude in a block of 32 */
    @ParameterizedTest
    @CsvSource({"F32, 0", "F16, 0.0005", "BF16, 0.004", "Q8, 0.0045", "Q4_0, 0.13"})
    void convertedValuesAreNear(DType dtype, double relative) {
        long seed = 5;
        try (Arena arena = Arena.ofShared()) {
            Tensor source = random(arena, seed, 37, 96);
            Tensor converted = Formats.convert(source, dtype, arena);
            assertThat(converted.dtype()).isEqualTo(dtype);
            assertThat(converted.shape()).containsExactly(37, 96);
            for (int block = 0; block < source.size(); block += 32) {
                double largest = 0;
                double error = 0;
                for (int i = block; i < block + 32; i++) {
                    largest = Math.max(largest, Math.abs(source.get(i)));
                    error = Math.max(error, Math.abs(source.get(i) - converted.get(i)));
                }
                assertThat(error / largest)
                        .as("seed %d, block %d", seed, block / 32)
                        .isLessThanOrEqualTo(relative);
            }
        }
    }

    @Test
    void fourBitBlocksSpendTheirFinerEndOnTheLargestValue() {
        try (Arena arena = Arena.ofShared()) {
            float[] values = new float[32];
            values[3] = 8;
            values[20] = -7;
            values[31] = 0.4f;
            Tensor q4 = Formats.convert(Tensor.of(arena, values, 1, 32), DType.Q4_0, arena);
            assertThat(q4.get(3)).isEqualTo(8);
            assertThat(q4.get(20)).isEqualTo(-7);
            assertThat(q4.get(31)).isZero();
            Tensor zeros = Formats.convert(Tensor.zeros(arena, 1, 32), DType.Q4_0, arena);
            assertThat(zeros.toArray()).containsOnly(-0f);
        }
    }

    @Test
    void eightBitFloatsRoundToThreeBitsOfMantissa() {
        try (Arena arena = Arena.ofShared()) {
            Tensor source = Tensor.of(arena, new float[] {1.06f, -3.4f, 1000, 0.001f}, 1, 4);
            assertThat(Formats.convert(source, DType.F8_E4M3, arena).toArray())
                    .containsExactly(1f, -3.5f, 448f, 0.001953125f);
        }
    }

    @Test
    void blocksOfEightBitFloatsKeepSmallWeights() {
        long seed = 6;
        try (Arena arena = Arena.ofShared()) {
            Tensor source = random(arena, seed, 200, 300);
            Tensor blocks = Formats.toFp8Blocks(source, arena);
            assertThat(blocks.dtype()).isEqualTo(DType.F8_E4M3);
            assertThat(blocks.scales().factors().shape()).containsExactly(2, 3);
            for (int i = 0; i < source.size(); i++) {
                float scale = blocks.scales().at(i / 300, i % 300);
                float bound = Math.max(Math.abs(source.get(i)) / 16, scale * 0x1p-10f) * 1.001f;
                assertThat(Math.abs(source.get(i) - blocks.get(i)))
                        .as("seed %d, element %d", seed, i)
                        .isLessThanOrEqualTo(bound);
            }
            float max = 0;
            float stored = 0;
            for (int i = 0; i < 128; i++) {
                for (int j = 0; j < 128; j++) {
                    max = Math.max(max, Math.abs(source.get(i * 300L + j)));
                    stored = Math.max(stored, Math.abs(blocks.get(i * 300L + j)));
                }
            }
            assertThat(stored / max).isBetween(0.999f, 1.001f);
            assertThat(Formats.toFp8Blocks(Tensor.zeros(arena, 2, 2), arena).toArray())
                    .containsOnly(0f);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"I32", "I8", "F8_E5M2", "Q4_K", "Q5_K", "Q6_K"})
    void formatsThatAreOnlyReadAreRefused(DType dtype) {
        try (Arena arena = Arena.ofShared()) {
            Tensor source = Tensor.zeros(arena, 1, 256);
            assertThatThrownBy(() -> Formats.convert(source, dtype, arena))
                    .hasMessageContaining("read from " + dtype.label() + " but not written");
        }
    }
}
