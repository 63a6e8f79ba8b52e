package org.medley.training.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.medley.runtime.network.Trainable;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;
import org.medley.runtime.weights.Formats;
import org.medley.runtime.weights.ModelFolder;
import org.medley.training.autograd.CpuBackwardOps;
import org.medley.training.autograd.Tape;

class AnswerPackingTest {
    private static final int CONTEXT = 128;

    @Test
    void answersToOnePromptShareItsRows() {
        int[] prompt = {5, 6, 7};
        AnswerPacking packing = new AnswerPacking();
        packing.add(prompt, new int[] {1, 2});
        packing.add(prompt, new int[] {3});
        packing.add(prompt, new int[] {4, 8, 9});
        packing.add(new int[] {5, 6, 7}, new int[] {2, 2});

        Batch batch = packing.batch();
        assertThat(batch.tokens()).containsExactly(5, 6, 7, 1, 4, 8, 5, 6, 7, 2);
        assertThat(batch.positions()).containsExactly(0, 1, 2, 3, 3, 4, 0, 1, 2, 3);
        assertThat(packing.predicting()).containsExactly(2, 3, 2, 2, 4, 5, 8, 9);
        assertThat(packing.targets()).containsExactly(1, 2, 3, 4, 8, 9, 2, 2);
        assertThat(packing.rows()).isEqualTo(10);
    }

    /** But for rounding: rows fall on other tiles of products, and gradients add up in another order. */
    @ParameterizedTest
    @ValueSource(strings = {"llama", "qwen2-window", "qwen3", "mistral", "phi3-long", "mixtral", "gemma2", "gemma3"})
    void sharedPromptsTeachWhatRepeatedOnesDo(String name) {
        Random random = new Random(11);
        try (Arena arena = Arena.ofShared()) {
            Subject subject = Subject.of(name, arena);
            AnswerPacking shared = new AnswerPacking();
            AnswerPacking repeated = new AnswerPacking();
            for (int p = 0; p < 2; p++) {
                int[] prompt = tokens(random, p == 0 ? 67 : 9, subject);
                for (int a = 0; a < 4; a++) {
                    int[] answer = tokens(random, a == 2 ? 1 : 3 + 19 * a, subject);
                    shared.add(prompt, answer);
                    repeated.add(prompt.clone(), answer);
                }
            }
            float[] weights = new float[shared.targets().length];
            for (int i = 0; i < weights.length; i++) {
                weights[i] = (float) random.nextGaussian() / weights.length;
            }
            assertThat(shared.rows()).isLessThan(repeated.rows() - 150);

            float[] losses = subject.learn(repeated, weights);
            Map<String, float[]> wanted = subject.gradients();
            float[] own = subject.learn(shared, weights);
            for (int i = 0; i < losses.length; i++) {
                assertThat(own[i]).as("loss of token %d", i).isCloseTo(losses[i], within(1e-6f * losses[i]));
            }
            subject.gradients().forEach((parameter, gradient) -> {
                float[] other = wanted.get(parameter);
                double largest = 0;
                for (float value : other) {
                    largest = Math.max(largest, Math.abs(value));
                }
                for (int i = 0; i < other.length; i++) {
                    assertThat(gradient[i]).as("%s element %d", parameter, i).isCloseTo(other[i], within((float)
                            (3e-6 * largest)));
                }
            });
        }
    }

    @Test
    void tokensPastThatAreNowhereAreRefused() {
        assertThatThrownBy(() -> Batch.of(new int[5], List.of(new Batch.Span(0, 3), new Batch.Span(3, 2, 4, 0)), null))
                .hasMessageContaining("4 tokens past that are neither in a cache nor in a sequence of this pass");
    }

    private static int[] tokens(Random random, int count, Subject subject) {
        return random.ints(count, 0, subject.vocabulary).toArray();
    }

    private record Subject(
            Trainable model, Map<String, Tensor> trained, Workspace workspace, Tape tape, int vocabulary) {
        static Subject of(String name, Arena arena) {
            Path folder = Path.of("../model-runtime/src/test/resources/golden", name);
            ModelFolder files = new ModelFolder(folder);
            Map<String, Tensor> stored = new LinkedHashMap<>();
            files.weights(arena).forEach((key, tensor) -> stored.put(key, Formats.toF32(tensor, arena)));
            Trainable model = Trainable.of(folder.resolve("config.json"), files.config(), stored, arena, CONTEXT);
            Map<String, Tensor> gradients = new LinkedHashMap<>();
            Map<Tensor, Tensor> trained = new IdentityHashMap<>();
            model.parameters().forEach((key, tensor) -> {
                gradients.put(key, Tensor.zeros(arena, tensor.shape()));
                trained.put(tensor, gradients.get(key));
            });
            Workspace workspace = new Workspace();
            Tape tape = new Tape(new CpuOps(workspace), new CpuBackwardOps(workspace), trained, false);
            return new Subject(
                    model,
                    gradients,
                    workspace,
                    tape,
                    files.config().get("vocab_size").asInt());
        }

        float[] learn(AnswerPacking packing, float[] weights) {
            trained.values().forEach(Tensor::fillZero);
            workspace.reset();
            Tensor hidden = model.network().hidden(tape, packing.batch());
            return tape.backward(model.network(), hidden, packing.predicting(), packing.targets(), weights);
        }

        Map<String, float[]> gradients() {
            Map<String, float[]> values = new LinkedHashMap<>();
            trained.forEach((name, tensor) -> values.put(name, tensor.toArray()));
            return values;
        }
    }
}
