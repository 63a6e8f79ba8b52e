package org.medley.training.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.medley.runtime.tensor.cuda.EmulatedGpu;
import org.medley.runtime.tensor.cuda.HostGpus;
import org.medley.training.recipe.BadRecipeException;
import org.medley.training.recipe.Recipes;
import org.medley.training.recipe.TrainRecipe;

/** Learning from judgements, on a task small enough to be learned in seconds. */
class ReinforcementTest {
    @TempDir
    Path home;

    private Catalog catalog;

    /** Answers are words; the one that is wanted is as likely as the others at first. */
    @BeforeEach
    void start() throws Exception {
        catalog = new Catalog(home.resolve("models"), home.resolve("datasets"), null);
        Path datasets = Files.createDirectories(home.resolve("datasets"));
        List<String> words = List.of("red", "green", "blue", "white");
        StringBuilder chats = new StringBuilder();
        StringBuilder prompts = new StringBuilder();
        StringBuilder pairs = new StringBuilder();
        for (int i = 0; i < 64; i++) {
            String question = "[{\"role\":\"user\",\"content\":\"colour " + i % 8 + "?\"}";
            String wanted = "red";
            chats.append("{\"messages\":" + question + ",{\"role\":\"assistant\",\"content\":\"" + words.get(i / 8 % 4)
                    + "\"}]}\n");
            prompts.append("{\"messages\":" + question + "],\"answer\":\"" + wanted + "\"}\n");
            pairs.append("{\"messages\":" + question + "],\"chosen\":\"" + wanted + "\",\"rejected\":\"blue\"}\n");
        }
        Files.writeString(datasets.resolve("chats.jsonl"), chats);
        Files.writeString(datasets.resolve("prompts.jsonl"), prompts);
        Files.writeString(datasets.resolve("pairs.jsonl"), pairs);
        run("""
                kind: train
                name: start
                stage: finetune
                model: {vocabulary: 300, scratch: {hidden: 32, layers: 2, heads: 4, kvHeads: 2, intermediate: 48, context: 64}}
                data: [{dataset: chats, format: chat}]
                sequence: 64
                microTokens: 512
                batchTokens: 512
                steps: 60
                optimizer: {learningRate: 0.01}
                dtype: F32
                """, "start", 1000);
    }

    private static final String ANSWERS = """
            kind: train
            name: better
            stage: reinforce
            model: {from: start}
            data: [{dataset: prompts, format: prompts}]
            evaluation: {data: [{dataset: prompts, format: prompts}], every: 10, examples: 8}
            sequence: 64
            microTokens: 512
            steps: 20
            optimizer: {learningRate: 0.002}
            dtype: F32
            reinforce:
              method: grpo
              prompts: 4
              answers: 8
              answerTokens: 8
              rewards: [{kind: exact}]
            """;

    private static final String PAIRS = """
            kind: train
            name: better
            stage: reinforce
            model: {from: start}
            data: [{dataset: pairs, format: pairs}]
            evaluation: {data: [{dataset: pairs, format: pairs}], every: 10, examples: 8}
            sequence: 64
            microTokens: 512
            steps: 20
            optimizer: {learningRate: 0.001}
            dtype: F32
            reinforce: {method: dpo, pairs: 8}
            """;

    /** Figures that differ from run to run. */
    private static final Set<String> MEASURED = Set.of("tokensPerSecond", "mfu", "peakMemory");

    private static final class Recorder implements RunListener {
        private final List<Map<String, Double>> metrics = new ArrayList<>();
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
            metrics.add(new java.util.TreeMap<>(values));
            metrics.getLast().keySet().removeAll(MEASURED);
        }

        @Override
        public void message(String text) {}

        @Override
        public boolean cancelled() {
            return metrics.size() >= stopAfter;
        }

        double last(String metric) {
            return metrics.getLast().get(metric);
        }

        double mean(String metric, int from, int to) {
            return metrics.subList(from, to).stream()
                    .mapToDouble(m -> m.get(metric))
                    .average()
                    .orElseThrow();
        }
    }

    private Recorder run(String recipe, String folder, int stopAfter) throws Exception {
        Recorder recorder = new Recorder(stopAfter);
        TrainRecipe read = (TrainRecipe) Recipes.parse(recipe, "test");
        new TrainRun(read, catalog, home.resolve("runs/" + folder), recorder)
                .run(home.resolve("models").resolve(folder));
        return recorder;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "updates: 2",
                "temperature: 1.3",
                "engine: {format: fp8_block}",
            })
    void answersThatAreRewardedBecomeLikelier(String more) throws Exception {
        String recipe = ANSWERS + (more.isEmpty() ? "" : "  " + more + "\n");
        Recorder whole = run(recipe, "a", 1000);
        assertThat(whole.mean("reward", 0, 3)).isBetween(0.05, 0.5);
        assertThat(whole.mean("reward", 17, 20)).isGreaterThan(whole.mean("reward", 0, 3) + 0.3);
        assertThat(whole.last("evaluationReward")).isGreaterThan(0.7);
        // Trainer and engine find the same probabilities where they compute in the same numbers.
        double gap = whole.mean("logprobGap", 0, 20);
        assertThat(gap).isLessThan(more.startsWith("engine") ? 0.2 : 1e-4);
        assertThatThrownBy(() -> run(recipe, "b", 7)).isInstanceOf(RunCancelledException.class);
        Recorder resumed = run(recipe, "b", 1000);
        assertThat(resumed.metrics).isEqualTo(whole.metrics.subList(20 - resumed.metrics.size(), 20));
        assertThat(resumed.metrics.size()).isBetween(12, 13);
    }

    @Test
    void theRolloutsOfAnFp8TrainerFindItsOwnProbabilities() throws Exception {
        Recorder same = run(ANSWERS + "precision: {format: fp8_block}\n", "a", 1000);
        Recorder other = run(ANSWERS + "  engine: {format: fp8_block}\nprecision: {format: bf16}\n", "b", 1000);
        assertThat(same.mean("logprobGap", 0, 20)).isLessThan(1e-4);
        assertThat(other.mean("logprobGap", 0, 20)).isGreaterThan(10 * same.mean("logprobGap", 0, 20));
        assertThat(same.last("evaluationReward")).isGreaterThan(0.7);
    }

    @ParameterizedTest
    @ValueSource(strings = {"method: dpo", "method: ipo, beta: 0.3"})
    void theBetterAnswerOfPairsIsPreferred(String method) throws Exception {
        String recipe = PAIRS.replace("method: dpo", method);
        Recorder whole = run(recipe, "a", 1000);
        double start = method.contains("dpo") ? Math.log(2) : 1 / (4 * 0.3 * 0.3);
        assertThat(whole.metrics.getFirst().get("loss")).isCloseTo(start, within(1e-3));
        assertThat(whole.last("evaluationLoss")).isLessThan(0.9 * start);
        assertThat(whole.last("evaluationPreferred")).isGreaterThan(0.9);
        assertThatThrownBy(() -> run(recipe, "b", 7)).isInstanceOf(RunCancelledException.class);
        assertThat(run(recipe, "b", 1000).metrics).isEqualTo(whole.metrics.subList(7, 20));
    }

    @Test
    void pairsAreLearnedOnSeveralDevicesAsByWorkersThatTakeTurns() throws Exception {
        assumeThat(EmulatedGpu.possible()).as("a C++ compiler").isTrue();
        String recipe =
                PAIRS.replace("steps: 20", "steps: 3").replace("every: 10", "every: 3") + "exchange: {workers: 2}\n";
        Recorder turns = run(recipe, "turns", 1000);
        Recorder devices = new Recorder(1000);
        TrainRecipe read = (TrainRecipe) Recipes.parse(recipe + "device: gpu\n", "test");
        new TrainRun(read, catalog, home.resolve("runs/devices"), devices, new HostGpus(() -> new EmulatedGpu(90)))
                .run(home.resolve("models/devices"));
        for (String metric : List.of("loss", "margin", "gradientNorm")) {
            for (int step = 0; step < 3; step++) {
                double expected = turns.metrics.get(step).get(metric);
                assertThat(devices.metrics.get(step).get(metric))
                        .as("%s of step %d", metric, step + 1)
                        .isCloseTo(expected, within(1e-4 * Math.max(1, Math.abs(expected))));
            }
        }
        assertThat(devices.last("evaluationLoss")).isCloseTo(turns.last("evaluationLoss"), within(1e-4));
    }

    @Test
    void promptsThatARewardCannotJudgeAreRefused() {
        assertThatThrownBy(() -> run(ANSWERS.replace("{kind: exact}", "{kind: exact, field: solution}"), "c", 99))
                .isInstanceOf(BadRecipeException.class)
                .hasMessageContaining("reinforce.rewards[0] (exact): a prompt has no \"solution\"");
    }
}
