package org.medley.training.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.medley.runtime.network.DecoderLoader;
import org.medley.runtime.network.Network;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;
import org.medley.runtime.text.Tokenizer;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.ModelFolder;
import org.medley.runtime.weights.Safetensors;
import org.medley.training.data.Encoder;
import org.medley.training.data.Format;
import org.medley.training.data.HeldOut;
import org.medley.training.data.Progress;
import org.medley.training.data.Source;
import org.medley.training.data.TokenStore;
import org.medley.training.data.TooLong;
import org.medley.training.recipe.BadRecipeException;
import org.medley.training.recipe.FuseRecipe;
import org.medley.training.recipe.GrowRecipe;
import org.medley.training.recipe.Recipes;
import org.medley.training.recipe.TrainRecipe;
import org.medley.training.trainer.Lineage.DatasetUse.Role;

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
        private final List<String> messages = new ArrayList<>();
        private final int stopAfter;

        Recorder(int stopAfter) {
            this.stopAfter = stopAfter;
        }

        @Override
        public void steps(int steps) {}

        @Override
        public void metric(int step, Map<String, Double> values) {
            if (step == 0) {
                return; // what was measured before the first step
            }
            losses.add(step + ":" + values.get("loss") + ":" + values.get("gradientNorm"));
        }

        @Override
        public void message(String text) {
            messages.add(text);
        }

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
        assertThat(Files.readAllLines(home.resolve("b/metrics.jsonl"))).hasSize(1 + 20);
        double start = Double.parseDouble(whole.losses.getFirst().split(":")[1]);
        assertThat(expected.metrics().get("finalLoss")).isLessThan(0.75 * start);
    }

    /** Beside the plain run: what else decides how one goes on. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "precision: {format: bf16}",
                "precision: {format: fp8_block}",
                "precision: {format: fp8_tensor, scales: fp32}",
                "precision: {format: fp8_hybrid}",
                "precision: {format: nvfp4}",
                "recompute: true",
                "average: 0.9",
                "exchange: {workers: 3, compression: loco}",
                "stability: {spike: 6}",
                "optimizer: {method: adan, learningRate: 0.003}",
                "optimizer: {method: adamw_win2, learningRate: 0.003}",
                "optimizer: {method: adam_mini, learningRate: 0.003}",
                "optimizer: {method: galore, rank: 8, refresh: 4, learningRate: 0.01}",
                "optimizer: {method: adamw8bit, learningRate: 0.003}",
                "optimizer: {method: shampoo4bit, refresh: 3, inverseEvery: 5, learningRate: 0.003}",
                "optimizer: {schedule: wsd, learningRate: 0.003}",
            })
    void everyWayOfTrainingLearnsAndGoesOnBitForBit(String section) throws Exception {
        TrainRecipe recipe = with(recipe("tiny", SCRATCH, 12), section);
        Recorder whole = new Recorder(1000);
        Lineage expected = new TrainRun(recipe, catalog, home.resolve("a"), whole).run(home.resolve("models/a"));
        assertThat(loss(whole.losses.getLast())).isLessThan(0.95 * loss(whole.losses.getFirst()));
        assertThatThrownBy(() ->
                        new TrainRun(recipe, catalog, home.resolve("b"), new Recorder(7)).run(home.resolve("models/b")))
                .isInstanceOf(RunCancelledException.class);
        Recorder second = new Recorder(1000);
        Lineage resumed = new TrainRun(recipe, catalog, home.resolve("b"), second).run(home.resolve("models/b"));
        assertThat(second.losses).isEqualTo(whole.losses.subList(7, 12));
        assertThat(resumed.sha256()).isEqualTo(expected.sha256());
    }

    private static double loss(String line) {
        return Double.parseDouble(line.split(":")[1]);
    }

    /** The recipe with a section put in, or in the place of its own. */
    private static TrainRecipe with(TrainRecipe recipe, String section) {
        String key = section.substring(0, section.indexOf(':') + 1);
        StringBuilder yaml = new StringBuilder();
        boolean inside = false;
        for (String line : Recipes.write(recipe).split("\n")) {
            inside = line.startsWith(key) || inside && line.startsWith(" ");
            if (!inside) {
                yaml.append(line).append('\n');
            }
        }
        return (TrainRecipe) Recipes.parse(yaml + section + "\n", "test");
    }

    @Test
    void recomputingLayersChangesNothing() throws Exception {
        Recorder kept = new Recorder(1000);
        new TrainRun(recipe("tiny", SCRATCH, 3), catalog, home.resolve("a"), kept).run(home.resolve("models/a"));
        Recorder again = new Recorder(1000);
        new TrainRun(with(recipe("tiny", SCRATCH, 3), "recompute: true"), catalog, home.resolve("b"), again)
                .run(home.resolve("models/b"));
        assertThat(again.losses).isEqualTo(kept.losses);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "llama",
                "mistral",
                "mixtral, experts: 4",
                "qwen2",
                "qwen3",
                "qwen3_moe, experts: 4",
                "gemma2",
                "gemma3"
            })
    void everyFamilyIsBegunTrainedGrownAndServed(String family) throws Exception {
        String scratch = SCRATCH.replace("hidden: 32", "family: " + family + ", hidden: 32");
        Recorder recorder = new Recorder(1000);
        new TrainRun(recipe("f", scratch, 8), catalog, home.resolve("a"), recorder).run(home.resolve("models/f"));
        assertThat(loss(recorder.losses.getLast())).isLessThan(0.97 * loss(recorder.losses.getFirst()));
        for (GrowRecipe.Form form : GrowRecipe.Form.values()) {
            GrowRecipe grow = (GrowRecipe)
                    Recipes.parse("{kind: grow, name: g, model: f, factor: 2, dtype: F32, form: " + form + "}", "test");
            new GrowRun(grow, catalog, new Recorder(99)).run(home.resolve("models/g"));
            assertThat(same(family) && logits("g").equals(logits("f")))
                    .as("zero-begun layers of %s leave the model as it was", family)
                    .isEqualTo(same(family) && form == GrowRecipe.Form.stack_zero);
            Recorder deeper = new Recorder(1000);
            new TrainRun(recipe("d", "from: g", 3), catalog, home.resolve("d-" + form), deeper)
                    .run(home.resolve("models/d"));
            assertThat(logits("d")).isNotEqualTo(logits("g"));
        }
    }

    /** Gemma's norms behind attention and MLP make nothing of nothing too; mixtures likewise. All stay as they were. */
    private static boolean same(String family) {
        return !family.isEmpty();
    }

    /** The loss of a written model on what the runs are measured on. */
    private double evaluated(String model) throws Exception {
        ModelFolder folder = new ModelFolder(home.resolve("models").resolve(model));
        try (Arena arena = Arena.ofShared();
                Tokenizer tokenizer = new Tokenizer(folder)) {
            Source source = Source.of("counting", home.resolve("datasets/counting.jsonl"), Format.chat);
            Encoder encoder = Encoder.of(folder, tokenizer, 0, 300);
            try (TokenStore store = TokenStore.open(source, encoder, home.resolve("cache"), Progress.NONE)) {
                Network network = DecoderLoader.network(folder, arena, 64, DType.F32);
                return Evaluation.loss(network, new HeldOut(List.of(store), 10, 64, TooLong.refuse, 128));
            }
        }
    }

    private List<Float> logits(String model) {
        ModelFolder folder = new ModelFolder(home.resolve("models").resolve(model));
        try (Arena arena = Arena.ofShared();
                Workspace workspace = new Workspace()) {
            Network network = DecoderLoader.network(folder, arena, 16, DType.F32);
            int[] tokens = {5, 9, 200, 17, 40};
            Batch batch = new Batch(tokens, new int[] {0, 1, 2, 3, 4}, List.of(new Batch.Span(0, 5)));
            List<Float> logits = new ArrayList<>();
            for (float value :
                    network.logits(new CpuOps(workspace), batch, new int[] {4}).toArray()) {
                logits.add(value);
            }
            return logits;
        }
    }

    @ParameterizedTest
    @CsvSource({"lora,fp32", "dora,fp32", "lora,fp8_block", "dora,bf16"})
    void adaptersLearnAndAreMerged(String kind, String format) throws Exception {
        TrainRecipe base = with(recipe("base", SCRATCH, 40), "optimizer: {learningRate: 0.01}");
        new TrainRun(base, catalog, home.resolve("w"), new Recorder(99)).run(home.resolve("models/base"));
        String lines = Files.readString(home.resolve("datasets/counting.jsonl"))
                .replaceAll("\\d+ then \\d+\"", "from then on, count\"");
        Files.writeString(home.resolve("datasets/counting.jsonl"), lines);
        TrainRecipe recipe = with(
                with(
                        with(recipe("adapted", "from: base", 12), "adapter: {kind: " + kind + ", rank: 4}"),
                        "precision: {format: " + format + "}"),
                "optimizer: {learningRate: 0.01}");
        Recorder whole = new Recorder(1000);
        Lineage expected = new TrainRun(recipe, catalog, home.resolve("a"), whole).run(home.resolve("models/adapted"));
        assertThat(loss(whole.losses.getLast())).isLessThan(0.8 * loss(whole.losses.getFirst()));
        // What is written is the model that was trained: the addition is in it.
        double close = format.equals("fp32") ? 1e-5 : 3e-2;
        assertThat(evaluated("adapted")).isCloseTo(expected.metrics().get("evaluationLoss"), within(close));
        assertThatThrownBy(() ->
                        new TrainRun(recipe, catalog, home.resolve("b"), new Recorder(5)).run(home.resolve("models/b")))
                .isInstanceOf(RunCancelledException.class);
        Recorder second = new Recorder(1000);
        Lineage resumed = new TrainRun(recipe, catalog, home.resolve("b"), second).run(home.resolve("models/b"));
        assertThat(second.losses).isEqualTo(whole.losses.subList(5, 12));
        assertThat(resumed.sha256()).isEqualTo(expected.sha256());
        theAdapterIsWhatWasMerged(kind.equals("dora"));
    }

    @Test
    void aFinishedRunIsNotMadeAgainAndARunOfEpochsIsKeptInSteps() throws Exception {
        TrainRecipe recipe = (TrainRecipe)
                Recipes.parse(Recipes.write(recipe("once", SCRATCH, 4)).replace("steps: 4", "epochs: 0.5"), "test");
        Path target = home.resolve("models/once");
        Lineage first = new TrainRun(recipe, catalog, home.resolve("o"), new Recorder(99)).run(target);
        TrainRecipe kept = (TrainRecipe) Recipes.recorded(first.recipe()).orElseThrow();
        assertThat(kept.epochs()).isNull();
        assertThat(kept.steps()).isPositive();
        Recorder again = new Recorder(99);
        Lineage second = new TrainRun(recipe, catalog, home.resolve("o"), again).run(target);
        assertThat(second).isEqualTo(first);
        assertThat(again.losses).isEmpty();
        assertThat(again.messages).last().asString().startsWith("is finished already");
        Lineage repeated =
                new TrainRun(kept, catalog, home.resolve("k"), new Recorder(99)).run(home.resolve("models/k"));
        assertThat(repeated.sha256()).isEqualTo(first.sha256());
        Files.delete(target.resolve("lineage.json"));
        assertThat(new TrainRun(recipe, catalog, home.resolve("o"), again)
                        .run(target)
                        .sha256())
                .isEqualTo(first.sha256());
    }

    @Test
    void onlyOneProcessTrainsInAFolder() throws Exception {
        Path work = home.resolve("locked");
        try (RunLock first = RunLock.of(work)) {
            assertThatThrownBy(() -> RunLock.of(work))
                    .isInstanceOf(BadRecipeException.class)
                    .hasMessageStartingWith("process " + ProcessHandle.current().pid() + " trains locked in ");
        }
        RunLock.of(work).close();
    }

    @Test
    void chatsThatAreLongerThanASequenceAreMeasuredInPiecesByPreTrainingAndRefusedIfNothingIsLeftElsewhere()
            throws Exception {
        String record = "{\"messages\": [{\"role\": \"user\", \"content\": \"" + "count on ".repeat(60)
                + "\"}, {\"role\": \"assistant\", \"content\": \"no\"}]}";
        Files.writeString(home.resolve("datasets/long.jsonl"), record + "\n");
        String held = "evaluation: {data: [{dataset: long, format: chat}], every: 2, examples: 10}";
        TrainRecipe pretrain = (TrainRecipe) Recipes.parse("""
                kind: train
                name: pieces
                stage: pretrain
                model: {%s}
                data: [{dataset: counting, format: chat}]
                %s
                sequence: 64
                microTokens: 128
                batchTokens: 128
                steps: 2
                """.formatted(SCRATCH, held), "test");
        Lineage lineage =
                new TrainRun(pretrain, catalog, home.resolve("p"), new Recorder(99)).run(home.resolve("models/pieces"));
        assertThat(lineage.metrics().get("evaluationLoss")).isFinite();
        assertThat(lineage.datasets())
                .extracting(Lineage.DatasetUse::role, Lineage.DatasetUse::name)
                .containsExactly(tuple(Role.data, "counting"), tuple(Role.evaluation, "long"));
        TrainRecipe cut = with(with(recipe("cut", SCRATCH, 2), held), "tooLong: cut");
        assertThatThrownBy(() ->
                        new TrainRun(cut, catalog, home.resolve("c"), new Recorder(99)).run(home.resolve("models/cut")))
                .isInstanceOf(BadRecipeException.class)
                .hasMessageContaining("no token that is learned")
                .hasMessageContaining("raise sequence");
    }

    private void theAdapterIsWhatWasMerged(boolean dora) throws Exception {
        Path folder = home.resolve("models/adapted/adapter");
        JsonNode config = new ObjectMapper()
                .readTree(folder.resolve("adapter_config.json").toFile());
        assertThat(config.get("base_model_name_or_path").asText()).isEqualTo("base");
        assertThat(config.get("use_dora").asBoolean()).isEqualTo(dora);
        double scale = config.get("lora_alpha").asDouble() / config.get("r").asInt();
        String layer = "model.layers.0.self_attn.q_proj";
        try (Arena arena = Arena.ofShared()) {
            Map<String, Tensor> adapter = Safetensors.map(folder.resolve("adapter_model.safetensors"), arena)
                    .tensors();
            assertThat(adapter).hasSize((dora ? 3 : 2) * 7 * 2);
            Tensor a = adapter.get("base_model.model." + layer + ".lora_A.weight");
            Tensor b = adapter.get("base_model.model." + layer + ".lora_B.weight");
            Tensor base =
                    new ModelFolder(home.resolve("models/base")).weights(arena).get(layer + ".weight");
            Tensor merged = new ModelFolder(home.resolve("models/adapted"))
                    .weights(arena)
                    .get(layer + ".weight");
            for (int row = 0; row < base.rows(); row++) {
                double[] sums = new double[base.cols()];
                double norm = 0;
                for (int col = 0; col < base.cols(); col++) {
                    sums[col] = base.get(row * base.cols() + col);
                    for (int r = 0; r < a.rows(); r++) {
                        sums[col] += scale * b.get(row * a.rows() + r) * a.get(r * base.cols() + col);
                    }
                    norm += sums[col] * sums[col];
                }
                double gain = dora
                        ? adapter.get("base_model.model." + layer + ".lora_magnitude_vector")
                                        .get(row)
                                / Math.sqrt(norm)
                        : 1;
                for (int col = 0; col < base.cols(); col++) {
                    assertThat((double) merged.get(row * base.cols() + col)).isCloseTo(gain * sums[col], within(1e-5));
                }
            }
        }
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
    void aModelThatIsNotWhatItsLineageSaysIsRefusedBeforeTheFirstStep() throws Exception {
        Path base = home.resolve("models/base");
        new TrainRun(recipe("base", SCRATCH, 2), catalog, home.resolve("w0"), new Recorder(99)).run(base);
        Files.writeString(base.resolve("generation_config.json"), "{}");

        assertThatThrownBy(() -> new TrainRun(
                                recipe("next", "from: base", 2), catalog, home.resolve("w1"), new Recorder(99))
                        .run(home.resolve("models/next")))
                .isInstanceOf(BadModelException.class)
                .hasMessageContaining("lineage.json: speaks of a model with SHA-256");
        assertThat(home.resolve("w1/metrics.jsonl")).doesNotExist();
        assertThat(home.resolve("models/next")).doesNotExist();
    }

    @Test
    void aRunDoesNotGoOnFromAnotherModelThanItBeganWith() throws Exception {
        Path base = home.resolve("models/base");
        new TrainRun(recipe("base", SCRATCH, 2), catalog, home.resolve("w0"), new Recorder(99)).run(base);
        TrainRecipe next = recipe("next", "from: base", 6);
        Path target = home.resolve("models/next");
        assertThatThrownBy(() -> new TrainRun(next, catalog, home.resolve("w1"), new Recorder(3)).run(target))
                .isInstanceOf(RunCancelledException.class);
        new TrainRun(recipe("base", SCRATCH, 3), catalog, home.resolve("w2"), new Recorder(99)).run(base);

        assertThatThrownBy(() -> new TrainRun(next, catalog, home.resolve("w1"), new Recorder(99)).run(target))
                .isInstanceOf(BadModelException.class)
                .hasMessageContaining("belongs to another recipe, model or other data");
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
