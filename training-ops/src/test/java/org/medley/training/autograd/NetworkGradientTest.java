package org.medley.training.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Tensor;
import org.medley.training.optimizer.GradientNorm;
import org.medley.training.optimizer.Method;
import org.medley.training.optimizer.Optimizer;
import org.medley.training.optimizer.Optimizers;
import org.medley.training.optimizer.Parameter;
import org.medley.training.optimizer.Settings;
import org.medley.training.optimizer.States;

/** Whole networks of every family beside PyTorch in double precision (src/test/golden/make_training_golden.py). */
class NetworkGradientTest {
    private static final int CONTEXT = 64;
    private static final JsonNode GOLDEN = golden();

    private static JsonNode golden() {
        try {
            return new ObjectMapper()
                    .readTree(Path.of("src/test/resources/golden/training.json").toFile());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The mean loss of predicting every token but the first. */
    private static double backward(GoldenModel subject, JsonNode given) {
        int[] ids =
                IntStream.range(0, given.size()).map(i -> given.get(i).asInt()).toArray();
        int rows = ids.length - 1;
        int[] positions = IntStream.range(0, rows).toArray();
        Batch batch = new Batch(Arrays.copyOf(ids, rows), positions, List.of(new Batch.Span(0, rows)));
        float[] weights = new float[rows];
        Arrays.fill(weights, 1f / rows);
        double sum = 0;
        for (float loss : subject.learn(batch, positions, Arrays.copyOfRange(ids, 1, ids.length), weights)) {
            sum += loss;
        }
        return sum / rows;
    }

    @ParameterizedTest
    @CsvSource({
        "llama,false", "llama3-scaled,false", "qwen2-tied,false", "qwen2-window,false", "qwen3,false", "mistral,false",
        "phi3-long,false", "phi4-partial,false", "mixtral,false", "qwen3-moe,false", "gemma2,false", "gemma3,false",
        "qwen3,true", "mixtral,true", "gemma3,true"
    })
    void everyGradientEqualsTheReference(String name, boolean recompute) {
        JsonNode expected = GOLDEN.path("models").path(name);
        try (Arena arena = Arena.ofShared();
                GoldenModel subject = GoldenModel.of(name, arena, CONTEXT, recompute)) {
            assertThat(backward(subject, expected.get("ids")))
                    .isCloseTo(
                            expected.get("loss").asDouble(),
                            within(5e-7 * Math.max(1, expected.get("loss").asDouble())));
            Map<String, float[]> gradients = byCheckpointName(subject.gradients(), expected.get("gradients"));
            compare(gradients, expected.get("gradients"), 2e-5);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "qwen2-tied", "qwen3", "phi3-long", "mixtral", "gemma2", "gemma3"})
    void tenStepsOfTrainingEqualTheReference(String name) {
        JsonNode expected = GOLDEN.path("models").path(name).path("training");
        try (Arena arena = Arena.ofShared();
                GoldenModel subject = GoldenModel.of(name, arena, CONTEXT, false)) {
            Settings settings = new Settings(
                    Method.adamw,
                    0.9f,
                    0.95f,
                    0,
                    1e-8f,
                    (float) GOLDEN.get("decay").asDouble(),
                    0,
                    0,
                    0,
                    0);
            List<Parameter> parameters = subject.model().parameters().entrySet().stream()
                    .map(e -> new Parameter(e.getKey(), e.getValue(), 1))
                    .toList();
            Optimizer optimizer = Optimizers.make(settings, parameters, States.in(arena));
            for (int step = 1; step <= expected.get("losses").size(); step++) {
                subject.gradients().values().forEach(Tensor::fillZero);
                double loss = backward(subject, expected.get("batches").get(step - 1));
                double norm = GradientNorm.of(subject.gradients());
                assertThat(loss)
                        .as("loss of step %d", step)
                        .isCloseTo(expected.get("losses").get(step - 1).asDouble(), within(5e-5));
                double wanted = expected.get("norms").get(step - 1).asDouble();
                assertThat(norm).as("norm of step %d", step).isCloseTo(wanted, within(5e-4 * wanted));
                float clip = (float) Math.min(1, GOLDEN.get("clip").asDouble() / norm);
                float rate = (float) GOLDEN.get("rate").asDouble();
                optimizer.step(subject.gradients(), step, rate, clip);
            }
            subject.model().settle();
            Map<String, float[]> weights = new LinkedHashMap<>();
            subject.model().stored().forEach((key, tensor) -> weights.put(key, tensor.toArray()));
            compare(weights, expected.get("weights"), 1e-4);
        }
    }

    /** Gradients of the parts of a stored tensor (Phi-3) as one. */
    private static Map<String, float[]> byCheckpointName(Map<String, Tensor> gradients, JsonNode expected) {
        Map<String, float[]> all = new LinkedHashMap<>();
        gradients.forEach((name, tensor) -> {
            String stored = expected.has(name)
                    ? name
                    : name.replaceFirst("[qkv]_proj", "qkv_proj").replaceFirst("(gate|up)_proj", "gate_up_proj");
            float[] part = tensor.toArray();
            all.merge(stored, part, (a, b) -> {
                float[] both = Arrays.copyOf(a, a.length + b.length);
                System.arraycopy(b, 0, both, a.length, b.length);
                return both;
            });
        });
        return all;
    }

    /** Norm and two projections of every tensor. */
    private static void compare(Map<String, float[]> actual, JsonNode expected, double tolerance) {
        assertThat(actual.keySet()).containsAll(names(expected));
        expected.properties().forEach(entry -> {
            float[] values = actual.get(entry.getKey());
            double norm = 0;
            double cos = 0;
            double sin = 0;
            for (int i = 0; i < values.length; i++) {
                norm += (double) values[i] * values[i];
                cos += values[i] * Math.cos(0.37 * i + 0.1);
                sin += values[i] * Math.sin(1.3 * i);
            }
            double size = Math.max(1e-2, entry.getValue().get(0).asDouble());
            double[] marks = {Math.sqrt(norm), cos, sin};
            for (int m = 0; m < 3; m++) {
                assertThat(marks[m])
                        .as("%s, mark %d", entry.getKey(), m)
                        .isCloseTo(entry.getValue().get(m).asDouble(), within(tolerance * size));
            }
        });
    }

    private static List<String> names(JsonNode node) {
        return node.properties().stream().map(Map.Entry::getKey).toList();
    }
}
