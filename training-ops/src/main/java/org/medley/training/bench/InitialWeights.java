package org.medley.training.bench;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.medley.runtime.network.Trainable;

/** What a model begins with: normal weights, smaller where they feed the residual stream, and norms of 1. */
final class InitialWeights {
    private static final double DEVIATION = 0.02;

    private InitialWeights() {}

    /** By their names in a checkpoint. */
    static Map<String, float[]> of(Shape shape, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double residual = DEVIATION / Math.sqrt(2.0 * shape.layers());
        Map<String, float[]> weights = new LinkedHashMap<>();
        Trainable.shapes(Path.of("config.json"), shape.config()).forEach((name, extents) -> {
            float[] values = new float[Arrays.stream(extents).reduce(1, Math::multiplyExact)];
            boolean feeds = name.endsWith("o_proj.weight") || name.endsWith("down_proj.weight");
            for (int i = 0; i < values.length; i++) {
                values[i] = extents.length == 1 ? 1 : (float) (random.nextGaussian() * (feeds ? residual : DEVIATION));
            }
            weights.put(name, values);
        });
        return weights;
    }
}
