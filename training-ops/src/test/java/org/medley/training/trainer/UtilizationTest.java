package org.medley.training.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.medley.runtime.network.Trainable;
import org.medley.runtime.tensor.Batch;
import org.medley.training.recipe.Recipes;
import org.medley.training.recipe.TrainRecipe;

class UtilizationTest {
    private static final Path FILE = Path.of("config.json");

    private static double operations(String family, String experts, boolean adapted, int... lengths) {
        TrainRecipe recipe = (TrainRecipe) Recipes.parse("""
                kind: train
                name: counted
                stage: pretrain
                model: {vocabulary: 300, scratch: {family: %s, hidden: 64, layers: 2, heads: 4, kvHeads: 2, headSize: 16, intermediate: 96, context: 64, tied: false%s}}
                data: [{dataset: d, format: text}]
                sequence: 64
                steps: 10
                """.formatted(family, experts), "test");
        ObjectNode config = ScratchModel.config(recipe.model().scratch(), 300, Set.of(0));
        try (Arena arena = Arena.ofShared()) {
            Trainable model = Trainable.of(FILE, config, ScratchModel.weights(FILE, config, 1, arena), arena, 64);
            Utilization utilization = new Utilization(model.network(), config, adapted, 1e9);
            int row = 0;
            List<Batch.Span> spans = new java.util.ArrayList<>();
            for (int length : lengths) {
                spans.add(new Batch.Span(row, length));
                row += length;
            }
            List<Batch> batches = List.of(Batch.of(new int[row], spans, null));
            assertThat(utilization.of(batches, 2)).isCloseTo(utilization.operations(batches) / 2e9, within(1e-12));
            return utilization.operations(batches);
        }
    }

    /** Query and output 64 × 64, key and value 64 × 32, three of 64 × 96, a head of 300 × 64. */
    private static final int MATRICES = 2 * (2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 96) + 300 * 64;

    @Test
    void oneTokenTakesSixOperationsAWeightAndItsAttentionToItself() {
        assertThat(operations("llama", "", false, 1)).isEqualTo(6.0 * MATRICES + 12.0 * 2 * 64);
    }

    @Test
    void frozenWeightsTakeFour() {
        assertThat(operations("llama", "", true, 1)).isEqualTo(4.0 * MATRICES + 12.0 * 2 * 64);
    }

    @Test
    void sequencesAttendToThemselvesAlone() {
        double apart = operations("llama", "", false, 10, 10);
        double together = operations("llama", "", false, 20);
        assertThat(together - apart).isEqualTo(12.0 * 2 * 64 * 10 * 10);
    }

    @Test
    void expertsCountAsOftenAsTheyAreChosen() {
        double two = operations("mixtral", ", experts: 4, expertsPerToken: 2", false, 1);
        double one = operations("mixtral", ", experts: 4, expertsPerToken: 1", false, 1);
        assertThat(two - one).isEqualTo(6.0 * 2 * 3 * 64 * 96);
    }
}
