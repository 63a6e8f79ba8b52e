package org.medley.runtime.engine;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.weights.SafetensorsWriter;

/** The weights of a small random model; those of norms are one. */
final class RandomWeights {
    private RandomWeights() {}

    static void write(Path folder, Map<String, int[]> shapes, long seed) throws Exception {
        Map<String, SafetensorsWriter.Declared> declared = new LinkedHashMap<>();
        shapes.forEach((name, shape) -> declared.put(name, new SafetensorsWriter.Declared(DType.F32, shape)));
        SplittableRandom random = new SplittableRandom(seed);
        try (Arena arena = Arena.ofShared();
                SafetensorsWriter writer =
                        new SafetensorsWriter(folder.resolve("model.safetensors"), declared, Map.of())) {
            for (var entry : declared.entrySet()) {
                Tensor tensor = Tensor.zeros(arena, entry.getValue().shape());
                float[] values = tensor.toArray();
                for (int i = 0; i < values.length; i++) {
                    values[i] = entry.getKey().matches(".*[nN]orm\\.weight") ? 1 : (float) random.nextGaussian() * 0.3f;
                }
                tensor.copyFrom(values);
                writer.write(entry.getKey(), tensor);
            }
            writer.finish();
        }
    }
}
