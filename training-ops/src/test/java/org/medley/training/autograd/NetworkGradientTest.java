package org.medley.training.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.medley.runtime.network.Decoder;
import org.medley.runtime.network.DecoderConfig;
import org.medley.runtime.network.DecoderWeights;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;
import org.medley.runtime.weights.ModelFolder;
import org.medley.training.optimizer.GradientNorm;

/** Loss and gradients of the whole network beside PyTorch's (model-runtime/src/test/golden). */
class NetworkGradientTest {
    @ParameterizedTest
    @ValueSource(strings = {"llama", "llama3-scaled", "qwen2-tied", "qwen3", "qwen2-window"})
    void equalsTheReference(String name) throws Exception {
        Path folder = Path.of("../model-runtime/src/test/resources/golden", name);
        JsonNode expected =
                new ObjectMapper().readTree(folder.resolve("expected.json").toFile());
        int[] ids = IntStream.range(0, expected.get("ids").size())
                .map(i -> expected.get("ids").get(i).asInt())
                .toArray();
        try (Arena arena = Arena.ofShared();
                Workspace workspace = new Workspace()) {
            ModelFolder model = new ModelFolder(folder);
            DecoderConfig config = DecoderConfig.read(folder.resolve("config.json"), model.config());
            Map<String, Tensor> parameters = new LinkedHashMap<>(model.weights(arena));
            Map<String, Tensor> gradients = new LinkedHashMap<>();
            Map<Tensor, Tensor> trained = new IdentityHashMap<>();
            parameters.forEach((key, tensor) -> {
                gradients.put(key, Tensor.zeros(arena, tensor.shape()));
                trained.put(tensor, gradients.get(key));
            });
            Decoder decoder = new Decoder(config, DecoderWeights.of(folder, config, parameters), 64);
            Tape tape = new Tape(new CpuOps(workspace), new CpuBackwardOps(), workspace, trained);
            int rows = ids.length - 1;
            int[] tokens = Arrays.copyOf(ids, rows);
            int[] positions = IntStream.range(0, rows).toArray();
            Batch batch = new Batch(tokens, positions, List.of(new Batch.Span(0, rows)));
            int[] targets = Arrays.copyOfRange(ids, 1, ids.length);
            double loss = tape.backward(decoder.logits(tape, batch, positions), targets, 1f / rows) / rows;
            assertThat(loss).isCloseTo(expected.get("loss").asDouble(), within(1e-4));
            expected.get("gradientNorms")
                    .properties()
                    .forEach(entry -> assertThat(GradientNorm.of(Map.of(entry.getKey(), gradients.get(entry.getKey()))))
                            .as(entry.getKey())
                            .isCloseTo(
                                    entry.getValue().asDouble(),
                                    within(1e-3 * Math.max(0.1, entry.getValue().asDouble()))));
        }
    }
}
