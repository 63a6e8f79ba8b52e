package org.medley.training.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.medley.runtime.tensor.Tensor;

class GradientNormTest {
    @Test
    void isTheRootOfAllSquares() {
        try (Arena arena = Arena.ofShared()) {
            LinkedHashMap<String, Tensor> gradients = new LinkedHashMap<>();
            double sum = 0;
            for (int size : new int[] {1, 17, 65_535, 65_536, 65_537, 200_003}) {
                float[] values = new Draw(size).spread(size);
                values[size / 2] *= 1e15f;
                gradients.put("g" + size, Tensor.of(arena, values, size));
                for (float value : values) {
                    sum += (double) value * value;
                }
            }
            double norm = GradientNorm.of(gradients);
            assertThat(norm).isCloseTo(Math.sqrt(sum), within(1e-9 * norm));
            Map<String, Tensor> reversed = new LinkedHashMap<>();
            gradients.sequencedEntrySet().reversed().forEach(e -> reversed.put(e.getKey(), e.getValue()));
            assertThat(GradientNorm.of(reversed)).isEqualTo(norm);
        }
    }

    @Test
    void squaresDoNotOverflowAndNothingHidesNaN() {
        try (Arena arena = Arena.ofShared()) {
            assertThat(GradientNorm.of(Map.of("g", Tensor.of(arena, new float[] {3e38f, 0, 3e38f}, 3))))
                    .isCloseTo(3e38 * Math.sqrt(2), within(1e32));
            float[] values = new float[100];
            values[40] = Float.NaN;
            assertThat(GradientNorm.of(Map.of("g", Tensor.of(arena, values, 100))))
                    .isNaN();
        }
    }
}
