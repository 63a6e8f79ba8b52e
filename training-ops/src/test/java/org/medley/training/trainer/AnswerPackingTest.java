package org.medley.training.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Tensor;
import org.medley.training.autograd.GoldenModel;

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
        try (Arena arena = Arena.ofShared();
                GoldenModel model = GoldenModel.of(name, arena, CONTEXT, false)) {
            AnswerPacking shared = new AnswerPacking();
            AnswerPacking repeated = new AnswerPacking();
            for (int p = 0; p < 2; p++) {
                int[] prompt = tokens(random, p == 0 ? 67 : 9, model);
                for (int a = 0; a < 4; a++) {
                    int[] answer = tokens(random, a == 2 ? 1 : 3 + 19 * a, model);
                    shared.add(prompt, answer);
                    repeated.add(prompt.clone(), answer);
                }
            }
            float[] weights = new float[shared.targets().length];
            for (int i = 0; i < weights.length; i++) {
                weights[i] = (float) random.nextGaussian() / weights.length;
            }
            assertThat(shared.rows()).isLessThan(repeated.rows() - 150);

            float[] losses = learn(model, repeated, weights);
            Map<String, float[]> wanted = gradients(model);
            float[] own = learn(model, shared, weights);
            for (int i = 0; i < losses.length; i++) {
                assertThat(own[i]).as("loss of token %d", i).isCloseTo(losses[i], within(1e-6f * losses[i]));
            }
            gradients(model).forEach((parameter, gradient) -> {
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

    private static int[] tokens(Random random, int count, GoldenModel model) {
        return random.ints(count, 0, model.vocabulary()).toArray();
    }

    private static float[] learn(GoldenModel model, AnswerPacking packing, float[] weights) {
        model.gradients().values().forEach(Tensor::fillZero);
        return model.learn(packing.batch(), packing.predicting(), packing.targets(), weights);
    }

    private static Map<String, float[]> gradients(GoldenModel model) {
        Map<String, float[]> values = new LinkedHashMap<>();
        model.gradients().forEach((name, tensor) -> values.put(name, tensor.toArray()));
        return values;
    }
}
