package org.medley.training.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.medley.training.recipe.BadRecipeException;
import org.medley.training.trainer.Catalog;

class CompareTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path home;

    private Experiment small() throws IOException {
        Path file = home.resolve("small.yaml");
        Files.writeString(file, """
                name: small
                description: Two learning rates.
                recipe:
                  stage: pretrain
                  model: {vocabulary: 300, scratch: {hidden: 16, layers: 1, heads: 2, kvHeads: 1, intermediate: 16, context: 32}}
                  data: [{dataset: notes, format: text}]
                  sequence: 32
                  microTokens: 64
                  batchTokens: 64
                  steps: 3
                  optimizer: {learningRate: 0.01, warmup: 1, decay: 1, clip: 0.5}
                  dtype: F32
                seeds: [1, 2]
                variants:
                  high: {}
                  low: {optimizer: {learningRate: 0.001}}
                  unclipped: {optimizer: {clip: null}}
                """);
        return Experiment.read(file);
    }

    private Catalog catalog() throws IOException {
        Path datasets = Files.createDirectories(home.resolve("datasets"));
        StringBuilder notes = new StringBuilder();
        for (int i = 0; i < 40; i++) {
            notes.append("{\"text\":\"Note ")
                    .append(i)
                    .append(" says what was seen on day ")
                    .append(i * i)
                    .append("\"}\n");
        }
        Files.writeString(datasets.resolve("notes.jsonl"), notes);
        return new Catalog(home.resolve("models"), datasets, home);
    }

    @Test
    void variantsChangeWhatTheyNameAndNothingElse() throws IOException {
        Experiment experiment = small();

        assertThat(experiment.run("low", 2).optimizer().learningRate()).isEqualTo(0.001);
        assertThat(experiment.run("low", 2).optimizer().clip()).isEqualTo(0.5);
        assertThat(experiment.run("unclipped", 1).optimizer().clip()).isEqualTo(1.0);
        assertThat(experiment.run("high", 1).optimizer().learningRate()).isEqualTo(0.01);
    }

    @Test
    void someVariantsAreTakenInTheOrderAskedForAndUnknownOnesRefused() throws IOException {
        Experiment experiment = small();

        assertThat(experiment.only(List.of("low", "high")).variants().keySet()).containsExactly("low", "high");
        assertThatThrownBy(() -> experiment.only(List.of("higher")))
                .isInstanceOf(BadRecipeException.class)
                .hasMessage("experiment small has no variant 'higher'; it has high, low, unclipped");
    }

    @Test
    void everyVariantIsRunByEverySeedAndWhatIsDoneIsNotDoneAgain() throws IOException {
        Experiment experiment = small().only(List.of("high", "low"));
        Path work = home.resolve("work");
        List<String> told = new ArrayList<>();

        var first = new ExperimentRun(experiment, catalog(), work, told::add).run();
        Path model = work.resolve("low-2/model/model.safetensors");
        FileTime written = Files.getLastModifiedTime(model);
        var again = new ExperimentRun(experiment, catalog(), work, told::add).run();

        assertThat(told)
                .containsExactly(
                        "run 1 of 4: high, seed 1",
                        "run 2 of 4: high, seed 2",
                        "run 3 of 4: low, seed 1",
                        "run 4 of 4: low, seed 2");
        assertThat(first.get("low").get(1)).hasSize(3);
        assertThat(again).isEqualTo(first);
        assertThat(Files.getLastModifiedTime(model)).isEqualTo(written);
        assertThat(Chart.of(first, "loss"))
                .startsWith("<svg")
                .contains(">high<")
                .contains(">low<");
    }

    @Test
    void aRunTellsHowFarItIs() throws IOException {
        List<String> told = new ArrayList<>();
        Experiment experiment = small().only(List.of("high"));

        new ExperimentRun(experiment, catalog(), home.resolve("work"), told::add, Duration.ZERO).run();

        assertThat(told).hasSize(8);
        assertThat(told.getFirst()).isEqualTo("run 1 of 2: high, seed 1");
        assertThat(told.get(1)).matches(" {2}step 1 of 3, loss \\d\\.\\d{4}");
        assertThat(told.get(3)).startsWith("  step 3 of 3, loss ");
        assertThat(told.get(4)).isEqualTo("run 2 of 2: high, seed 2");
    }

    @Test
    void figuresAreThoseThatWereMeasured() {
        Map<String, List<List<JsonNode>>> results = new LinkedHashMap<>();
        results.put("a", List.of(run(1.0, 5.0).subList(1, 12)));

        assertThat(Report.metrics(results, null)).containsExactly("loss");
        assertThat(Report.metrics(results, List.of("tokensPerSecond"))).containsExactly("tokensPerSecond");
        assertThatThrownBy(() -> Report.metrics(results, List.of("loss", "nope")))
                .isInstanceOf(BadRecipeException.class)
                .hasMessage("--metric: no run has 'nope'; possible: loss, tokensPerSecond");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "name: small | kind: train | small.yaml:1: unknown key 'kind'; possible here: description, name, recipe, seeds",
                "name: small | name: Too Small | small.yaml:1: name must be 1 to 63 of a-z 0-9 . _ -",
                "seeds: [1, 2] | seeds: [] | small.yaml:13: seeds needs at least one whole number",
                "seeds: [1, 2] | seeds: [one] | small.yaml:13: seeds[0] is 'one'; a whole number is needed",
                "seeds: [1, 2] | seeds: [~] | small.yaml:13: seeds needs at least one whole number",
                "steps: 3 | steps: three | small.yaml:10: variant high: steps is 'three'; a whole number is needed",
                "steps: 3 | stepz: 3 | small.yaml:10: variant high: unknown key 'stepz'; possible here: adapter",
                "steps: 3 | steps: 0 | small.yaml:10: variant high: steps is 0; 1 to 10000000 is possible",
                "0.001 | -1 | small.yaml:16: variant low: optimizer.learningRate is -1.0; 0.0 to 10.0 is possible",
                "high: {} | high: {} {} | small.yaml:15: is no YAML from",
            })
    void badExperimentsAreRefusedAsRecipesAre(String right, String wrong, String message) throws IOException {
        small();
        Path file = home.resolve("small.yaml");
        Files.writeString(file, Files.readString(file).replace(right, wrong));
        assertThatThrownBy(() -> Experiment.read(file))
                .isInstanceOf(BadRecipeException.class)
                .hasMessageStartingWith(home.resolve(message).toString());
    }

    @Test
    void theTableHasMeansOverSeedsAndDifferencesOfTheSameSeed() {
        Map<String, List<List<JsonNode>>> results = new LinkedHashMap<>();
        results.put("a", List.of(run(1.0, 5.0), run(3.0, 7.0)));
        results.put("b", List.of(run(2.0, 4.5), run(3.0, 6.5)));

        assertThat(Report.table(results, List.of("loss", "evaluationLoss"))).isEqualTo("""
                | variant | loss | difference to the first | evaluationLoss before | evaluationLoss | difference to the first | tokens/s |
                | --- | ---: | ---: | ---: | ---: | ---: | ---: |
                | a | 2.0000 ± 1.4142 | | 9.0000 ± 0.0000 | 6.0000 ± 1.4142 | | 100 |
                | b | 2.5000 ± 0.7071 | +0.5000 ± 0.7071 | 9.0000 ± 0.0000 | 5.5000 ± 1.4142 | -0.5000 ± 0.0000 | 100 |
                """);
    }

    /** Twelve steps of which the last ten have this loss, measured before the first and after the last. */
    private static List<JsonNode> run(double loss, double measured) {
        List<JsonNode> steps = new ArrayList<>();
        steps.add(JSON.createObjectNode().put("step", 0).put("evaluationLoss", 9.0));
        for (int step = 1; step <= 12; step++) {
            var figures = JSON.createObjectNode()
                    .put("step", step)
                    .put("loss", step <= 2 ? 50 : loss)
                    .put("tokensPerSecond", 100);
            steps.add(step == 12 ? figures.put("evaluationLoss", measured) : figures);
        }
        return steps;
    }
}
