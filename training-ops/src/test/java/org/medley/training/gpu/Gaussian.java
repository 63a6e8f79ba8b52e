package org.medley.training.gpu;

import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import org.medley.runtime.tensor.Tensor;

/** Normally distributed values, as tests need them. */
final class Gaussian {
    private Gaussian() {}

    static Tensor tensor(Arena arena, SplittableRandom random, int... shape) {
        Tensor tensor = Tensor.zeros(arena, shape);
        float[] values = new float[(int) tensor.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        tensor.copyFrom(values);
        return tensor;
    }
}
