package org.medley.training.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.medley.training.recipe.TrainRecipe;
import org.medley.training.trainer.Catalog;
import org.medley.training.trainer.RunListener;
import org.medley.training.trainer.TrainRun;

/** Runs an experiment's variants by every seed. One that was stopped goes on where it was. */
public final class ExperimentRun {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Experiment experiment;
    private final Catalog catalog;
    private final Path work;
    private final Consumer<String> told;
    private final Duration silence;

    /**
     * @param work folder of the runs and of the results
     * @param told hears how far it is
     */
    public ExperimentRun(Experiment experiment, Catalog catalog, Path work, Consumer<String> told) {
        this(experiment, catalog, work, told, Duration.ofSeconds(20));
    }

    /** @param silence time between two lines about one run, at least */
    ExperimentRun(Experiment experiment, Catalog catalog, Path work, Consumer<String> told, Duration silence) {
        this.silence = silence;
        this.experiment = experiment;
        this.catalog = catalog;
        this.work = work;
        this.told = told;
    }

    /** By variant, the bytes that a run will hold, by what they are for. */
    public Map<String, Map<String, Long>> planned() throws IOException {
        Map<String, Map<String, Long>> plans = new LinkedHashMap<>();
        for (String variant : experiment.variants().keySet()) {
            TrainRecipe recipe = experiment.run(variant, experiment.seeds().getFirst());
            Path folder = work.resolve(recipe.name());
            plans.put(variant, new TrainRun(recipe, catalog, folder, new Rarely()).planned());
        }
        return plans;
    }

    /** By variant, the figures of each seed's steps. */
    public Map<String, List<List<JsonNode>>> run() throws IOException {
        Map<String, List<List<JsonNode>>> results = new LinkedHashMap<>();
        int done = 0;
        int all = experiment.seeds().size() * experiment.variants().size();
        for (String variant : experiment.variants().keySet()) {
            List<List<JsonNode>> runs = new ArrayList<>();
            for (long seed : experiment.seeds()) {
                TrainRecipe recipe = experiment.run(variant, seed);
                Path folder = work.resolve(recipe.name());
                Path model = folder.resolve("model");
                if (!Files.exists(model)) {
                    told.accept("run " + (done + 1) + " of " + all + ": " + variant + ", seed " + seed);
                    new TrainRun(recipe, catalog, folder, new Rarely()).run(model);
                }
                done++;
                runs.add(metrics(folder.resolve("metrics.jsonl")));
            }
            results.put(variant, runs);
        }
        return results;
    }

    private static List<JsonNode> metrics(Path file) throws IOException {
        List<JsonNode> steps = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            steps.add(JSON.readTree(line));
        }
        return steps;
    }

    /** A line now and then: many runs would tell too much. */
    private final class Rarely implements RunListener {
        private int steps;
        private long last = System.nanoTime();

        @Override
        public void steps(int all) {
            steps = all;
        }

        @Override
        public void metric(int step, Map<String, Double> values) {
            long now = System.nanoTime();
            if (values.containsKey("loss") && now - last >= silence.toNanos()) {
                last = now;
                told.accept(String.format(Locale.ROOT, "  step %d of %d, loss %.4f", step, steps, values.get("loss")));
            }
        }

        @Override
        public void message(String text) {}

        @Override
        public boolean cancelled() {
            return false;
        }
    }
}
