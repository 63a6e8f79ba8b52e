package org.medley.training.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.medley.runtime.network.Trainable;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Tensor;
import org.medley.training.recipe.BadRecipeException;
import org.medley.training.recipe.Recipes;
import org.medley.training.recipe.TrainRecipe;

/** What is planned beside what a pass takes. */
class MemoryPlanTest {
    private static final Path FILE = Path.of("config.json");
    private static final long SLAB = 16L << 20;

    private static TrainRecipe recipe(String family, String more) {
        return (TrainRecipe) Recipes.parse("""
                kind: train
                name: planned
                stage: pretrain
                model: {vocabulary: 500, scratch: {family: %s, hidden: 96, layers: 4, heads: 4, kvHeads: 2, intermediate: 256, context: 512}}
                data: [{dataset: d, format: text}]
                sequence: 512
                microTokens: 4096
                steps: 10
                %s
                """.formatted(family, more), "test");
    }

    @ParameterizedTest
    @CsvSource({"qwen3,false", "qwen3,true", "gemma2,false", "qwen2,true", "'mixtral, experts: 4',false"})
    void activationsTakeWhatWasPlanned(String family, boolean recompute) {
        TrainRecipe recipe = recipe(family, "recompute: " + recompute);
        ObjectNode config = ScratchModel.config(recipe.model().scratch(), 500, Set.of(0));
        long planned = MemoryPlan.of(recipe, FILE, config).bytes().get("activations");
        try (Arena arena = Arena.ofShared()) {
            Trainable model = Trainable.of(FILE, config, ScratchModel.weights(FILE, config, 1, arena), arena, 512);
            try (Student student = new Student(model, null, recipe.precision().precision(), recompute, 1, 1, arena)) {
                List<Batch.Span> spans = new ArrayList<>();
                for (int row = 0; row < 4096; row += 512) {
                    spans.add(new Batch.Span(row, 512));
                }
                Batch batch = Batch.of(new int[4096], spans, null);
                int[] rows = new int[4096];
                Arrays.setAll(rows, i -> i);
                student.begin(1);
                Tensor hidden = student.hidden(0, batch);
                student.tape(0).backward(model.network(), hidden, rows, new int[4096], new float[4096]);
                // Memory is taken by whole slabs, whose ends stay empty.
                assertThat(student.workspaceBytes()).isBetween(planned, planned + planned / 4 + 2 * SLAB);
            }
        }
    }

    @Test
    void computingLayersAgainTakesAFraction() {
        ObjectNode config = ScratchModel.config(recipe("qwen3", "").model().scratch(), 500, Set.of(0));
        long kept = MemoryPlan.of(recipe("qwen3", ""), FILE, config).bytes().get("activations");
        long again = MemoryPlan.of(recipe("qwen3", "recompute: true"), FILE, config)
                .bytes()
                .get("activations");
        assertThat(again).isLessThan(kept / 2);
    }

    @Test
    void aRunThatDoesNotFitIsRefusedBeforeAnythingIsAllocated() {
        TrainRecipe recipe = recipe("llama", "");
        ObjectNode config = ScratchModel.config(recipe.model().scratch(), 500, Set.of(0));
        config.put("hidden_size", 16_384).put("intermediate_size", 65_536).put("num_hidden_layers", 200);
        config.put("num_attention_heads", 128).put("num_key_value_heads", 8).put("head_dim", 128);
        MemoryPlan plan = MemoryPlan.of(recipe, FILE, config);
        assertThat(plan.total()).isGreaterThan(1L << 40);
        assertThatThrownBy(plan::check)
                .isInstanceOf(BadRecipeException.class)
                .hasMessageContaining("optimizer adamw")
                .hasMessageContaining("recompute: true takes less");
        // What a GPU trains has copies here, for checkpoints.
        assertThatThrownBy(MemoryPlan.of(recipe("llama", "device: gpu"), FILE, config)::check)
                .isInstanceOf(BadRecipeException.class)
                .hasMessageContaining("of memory beside the GPU's: weights")
                .hasMessageContaining("An adapter takes less");
    }
}
