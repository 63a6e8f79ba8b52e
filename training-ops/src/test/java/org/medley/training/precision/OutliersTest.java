package org.medley.training.precision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Percentage.withPercentage;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.medley.runtime.tensor.Tensor;
import org.medley.training.precision.Precision.Kind;
import org.medley.training.precision.Precision.Scales;

class OutliersTest {
    private static final int ROWS = 3;
    private static final int COLS = 256;

    private final float[] values = values();

    private static float[] values() {
        SplittableRandom random = new SplittableRandom(5);
        float[] values = new float[ROWS * COLS];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextDouble(0.5, 2);
        }
        return values;
    }

    private float[] rounded(Kind kind, double outliers) {
        try (Arena arena = Arena.ofShared();
                Emulation emulation = new Emulation(new Precision(kind, Scales.power_of_two, outliers), List.of(), 1)) {
            return emulation.input(Tensor.of(arena, values, ROWS, COLS)).toArray();
        }
    }

    @Test
    void anOutlierTakesTheTileThatSharesItsScaleWithItAndNoOther() {
        float[] plain = rounded(Kind.fp8_block, 1);
        float[] rounded = rounded(Kind.fp8_block, 1e8);
        for (int row = 0; row < ROWS; row++) {
            for (int col = 0; col < COLS; col++) {
                int i = row * COLS + col;
                if (col == 0) {
                    assertThat(rounded[i]).isCloseTo(values[i], withPercentage(6.3));
                } else {
                    assertThat(rounded[i]).as("column " + col).isEqualTo(col < 128 ? 0 : plain[i]);
                }
            }
        }
    }

    @Test
    void anOutlierTakesTheWholeTensorWhereAllShareAScale() {
        float[] rounded = rounded(Kind.fp8_tensor, 1e8);
        for (int i = 0; i < values.length; i++) {
            assertThat(rounded[i] != 0).as("element " + i).isEqualTo(i % COLS == 0);
        }
    }
}
