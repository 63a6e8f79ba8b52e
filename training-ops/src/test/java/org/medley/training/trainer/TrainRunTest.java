package org.medley.training.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.ModelFolder;
import org.medley.training.recipe.BadRecipeException;
import org.medley.training.recipe.FuseRecipe;
import org.medley.training.recipe.Recipes;
import org.medley.training.recipe.TrainRecipe;

class TrainRunTest {
    @TempDir
    Path home;

    private Catalog catalog;

    @BeforeEach
    void data() throws IOException {
        catalog = new Catalog(home.resolve("models"), home.resolve("datasets"), null);
        Files.createDirectories(home.resolve("datasets"));
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 60; i++) {
            lines.append("{\"messages\":[{\"role\":\"user\",\"content\":\"count from ")
                    .append(i)
                    .append("\"},{\"role\":\"assistant\",\"content\":\"")
                    .append(i + " then " + (i + 1))
                    .append("\"}]}\n");
        }
        Files.writeString(home.resolve("datasets/counting.jsonl"), lines);
    }

    private static TrainRecipe recipe(String name, String model, int steps) {
        return (TrainRecipe)
                Recipes.parse("""
                kind: train
                name: %s
                stage: finetune
                model: {%s}
                data: [{dataset: counting, format: chat}]
                evaluation: {data: [{dataset: counting, format: chat}], every: %d, examples: 10}
                sequence: 64
                microTokens: 128
                batchTokens: 250
                steps: %d
                optimizer: {learningRate: 0.003, warmup: 2}
                checkpoint: {every: %d}
                dtype: F32
                seed: 4
                """.formatted(name, model, Math.min(10, steps), steps, Math.min(5, steps)), "test");
    }

    private static final String SCRATCH =
            "vocabulary: 300, scratch: {hidden: 32, layers: 2, heads: 4, kvHeads: 2, headSize: 8, intermediate: 48, context: 64}";

    /** Remembers what it hears, and can stop a run after a step. */
    private static final class Recorder implements RunListener {
        private final List<String> losses = new ArrayList<>();
        private final int stopAfter;

        Recorder(int stopAfter) {
            this.stopAfter = stopAfter;
        }

        @Override
        public void steps(int steps) {}

        @Override
        public void metric(int step, Map<String, Double> values) {
            losses.add(step + ":" + values.get("loss") + ":" + values.get("gradientNorm"));
        }

        @Override
        public void message(String text) {}

        @Override
        public boolean cancelled() {
            return losses.size() >= stopAfter;
        }
    }

    @Test
    void aResumedRunIsBitForBitTheUninterruptedOne() throws Exception {
        TrainRecipe recipe = recipe("tiny", SCRATCH, 20);
        Recorder whole = new Recorder(1000);
        Lineage expected = new TrainRun(recipe, catalog, home.resolve("a"), whole).run(home.resolve("models/a"));
        Recorder first = new Recorder(13);
        assertThatThrownBy(() -> new TrainRun(recipe, catalog, home.resolve("b"), first).run(home.resolve("models/b")))
                .isInstanceOf(RunCancelledException.class);
        assertThat(home.resolve("models/b")).doesNotExist();
        Recorder second = new Recorder(1000);
        Lineage resumed = new TrainRun(recipe, catalog, home.resolve("b"), second).run(home.resolve("models/b"));
        assertThat(second.losses).isEqualTo(whole.losses.subList(13, 20));
        assertThat(resumed.sha256()).isEqualTo(expected.sha256());
        assertThat(Files.readAllLines(home.resolve("b/metrics.jsonl"))).hasSize(20);
        double start = Double.parseDouble(whole.losses.getFirst().split(":")[1]);
        assertThat(expected.metrics().get("finalLoss")).isLessThan(0.75 * start);
    }

    @Test
    void lineageFollowsFromTheFusedModelToTheDatasetHash() throws Exception {
        new TrainRun(recipe("base", SCRATCH, 4), catalog, home.resolve("w0"), new Recorder(99))
                .run(home.resolve("models/base"));
        for (String name : List.of("one", "two")) {
            new TrainRun(recipe(name, "from: base", 3), catalog, home.resolve("w-" + name), new Recorder(99))
                    .run(home.resolve("models").resolve(name));
        }
        FuseRecipe fuse = (FuseRecipe) Recipes.parse(
                "{kind: fuse, name: both, method: ties, base: base, models: [{model: one}, {model: two, density: 0.5}]}",
                "test");
        Lineage fused = new FuseRun(fuse, catalog, new Recorder(99)).run(home.resolve("models/both"));
        assertThat(fused.parents()).extracting(Lineage.Parent::role).containsExactly("base", "source", "source");
        Lineage one = fused.parents().get(1).lineage();
        assertThat(one.parents().getFirst().lineage().datasets().getFirst().sha256())
                .hasSize(64);
        assertThat(one.curve()).hasSize(3);
        Path written = home.resolve("models/both");
        assertThat(Lineage.read(written, new ModelFolder(written).sha256())).isEqualTo(fused);
        assertThatThrownBy(() -> Lineage.read(written, "0".repeat(64))).isInstanceOf(BadModelException.class);
    }

    @Test
    void brokenDataAndModelsAreRefusedAndNothingIsWritten() throws Exception {
        Path target = home.resolve("models/x");
        Files.writeString(home.resolve("datasets/counting.jsonl"), "{\"messages\":[{\"role\":\"user\",\"conte");
        assertThatThrownBy(() ->
                        new TrainRun(recipe("x", SCRATCH, 2), catalog, home.resolve("w"), new Recorder(9)).run(target))
                .isInstanceOf(BadRecipeException.class)
                .hasMessageContaining("counting.jsonl:1: is not one JSON object (the file seems cut)");
        data();
        assertThatThrownBy(
                        () -> new TrainRun(recipe("x", "from: nowhere", 2), catalog, home.resolve("w"), new Recorder(9))
                                .run(target))
                .hasMessageContaining("there is no model 'nowhere'");
        assertThat(target).doesNotExist();
    }
}
