package org.medley.training.trainer;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.medley.runtime.digest.Sha256;
import org.medley.runtime.network.Trainable;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.cuda.Closing;
import org.medley.runtime.tensor.cuda.Gpus;
import org.medley.runtime.tensor.cuda.driver.CudaGpus;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.ModelFolder;
import org.medley.training.data.Encoder;
import org.medley.training.optimizer.Optimizer;
import org.medley.training.optimizer.Schedule;
import org.medley.training.optimizer.States;
import org.medley.training.parallel.ExchangeSettings;
import org.medley.training.parallel.GradientExchange;
import org.medley.training.precision.Precision;
import org.medley.training.recipe.Recipes;
import org.medley.training.recipe.TrainRecipe;
import org.medley.training.recipe.TrainRecipe.SampleSection;

/**
 * One training run from recipe to model folder. Everything that decides the result (weights, optimizer, place in the
 * data) is in its checkpoints, so a run that was killed goes on bit for bit where its last checkpoint was.
 */
public final class TrainRun {
    private final TrainRecipe asked;
    private final Catalog catalog;
    private final Path work;
    private final RunListener listener;
    private final Gpus gpus;

    /**
     * @param recipe completed by {@link Recipes}
     * @param work folder of this run's checkpoints and metrics; a run continues what it finds there
     */
    public TrainRun(TrainRecipe recipe, Catalog catalog, Path work, RunListener listener) {
        this(recipe, catalog, work, listener, new CudaGpus());
    }

    /** @param gpus of which a recipe's workers have one each, if it is for them */
    TrainRun(TrainRecipe recipe, Catalog catalog, Path work, RunListener listener, Gpus gpus) {
        this.gpus = gpus;
        this.asked = recipe;
        this.catalog = catalog;
        this.work = work;
        this.listener = listener;
    }

    /**
     * Runs to the end and writes the model.
     *
     * @return the lineage of the written model
     * @throws org.medley.training.recipe.BadRecipeException if recipe, model or data do not fit together
     * @throws RunCancelledException if the listener said so; what was done until then is in a checkpoint
     */
    public Lineage run(Path target) throws IOException {
        Files.createDirectories(work);
        try (RunData data = new RunData(asked, catalog, listener);
                Start start = Start.of(asked, catalog, data.sources(), work, listener);
                Arena arena = Arena.ofShared()) {
            Lineage parent = start.lineage();
            MemoryPlan plan = MemoryPlan.of(asked, start.file(), start.config());
            plan.check(); // a GPU's own memory is known when it is opened
            listener.message("needs " + plan);
            data.read(
                    Encoder.of(start.text(), start.tokenizer(), start.end(), start.vocabulary()),
                    work.resolve("tokens"));
            return new Steps(data, start, parent, plan, arena).run(target);
        }
    }

    /** The bytes that the run will hold, by what they are for; nothing of it is begun but the tokenizer. */
    public Map<String, Long> planned() throws IOException {
        Files.createDirectories(work);
        try (RunData data = new RunData(asked, catalog, listener);
                Start start = Start.of(asked, catalog, data.sources(), work, listener)) {
            return MemoryPlan.of(asked, start.file(), start.config()).bytes();
        }
    }

    /** The run once its data is known. */
    private final class Steps {
        private final TrainRecipe recipe;
        private final RunData data;
        private final Start start;
        private final Lineage parent;
        private final Trainable model;
        private final Adaptation adaptation;
        private final Student student;
        private final Optimizer optimizer;
        private final GradientExchange exchange;
        private final Average average;
        private final SpikeGuard guard;
        private final Schedule schedule;
        /** Null on a GPU: what it multiplies at best is not what the processor does. */
        private final Utilization utilization;

        private final Map<String, Tensor> state = new LinkedHashMap<>();
        private final String fingerprint;
        private Objective objective;
        private MetricLog log;
        /** Whether a checkpoint waits for the objective to settle. */
        private boolean due;

        private long tokens;

        Steps(RunData data, Start start, Lineage parent, MemoryPlan plan, Arena arena) {
            this.data = data;
            this.start = start;
            this.parent = parent;
            this.recipe = asked.steps() != null ? asked : asked.over(Objectives.steps(asked, data));
            listener.steps(recipe.steps());
            int workers = recipe.exchange().workers();
            Place place = recipe.device() == TrainRecipe.Device.gpu
                    ? Place.onGpu(recipe, start.file(), start.config(), plan, gpus)
                    : Place.HOST;
            model = start.load(recipe.seed(), recipe.sequence(), arena);
            adaptation =
                    recipe.adapter() == null ? null : new Adaptation(recipe.adapter(), model, recipe.seed(), arena);
            student = new Student(
                    model,
                    adaptation,
                    recipe.precision().precision(),
                    recipe.recompute(),
                    workers,
                    recipe.seed(),
                    place,
                    arena);
            try {
                optimizer = student.optimizer(recipe.optimizer().settings(), States.in(arena));
                exchange = student.exchange(exchangeSettings(), States.in(arena));
                average = recipe.average() == 0 ? null : new Average(recipe.average(), student.masters(), arena);
                guard = new SpikeGuard(recipe.stability());
                schedule = recipe.optimizer().rates(recipe.steps());
                utilization = recipe.device() == TrainRecipe.Device.gpu
                        ? null
                        : new Utilization(model.network(), start.config(), adaptation != null);
                keep("weight.", student.masters());
                keep("optimizer.", optimizer.states().tensors());
                keep("exchange.", exchange.states().tensors());
                if (average != null) {
                    keep("average.", average.values());
                }
                fingerprint = fingerprint();
            } catch (RuntimeException | Error e) {
                Closing.after(e, student::close);
                throw e;
            }
        }

        private void keep(String prefix, Map<String, Tensor> tensors) {
            tensors.forEach((name, tensor) -> state.put(prefix + name, tensor));
        }

        private ExchangeSettings exchangeSettings() {
            ExchangeSettings usual = ExchangeSettings.of(recipe.exchange().compression());
            Integer bits = recipe.exchange().bits();
            return bits == null
                    ? usual
                    : new ExchangeSettings(usual.compression(), bits, usual.group(), usual.beta(), usual.resetEvery());
        }

        private String fingerprint() {
            Sha256 digest = new Sha256().add(Recipes.write(recipe).getBytes(StandardCharsets.UTF_8));
            data.hashes().forEach(digest::add);
            if (parent != null) {
                digest.add(parent.sha256());
            }
            return digest.hex();
        }

        Lineage run(Path target) throws IOException {
            try (Arena arena = Arena.ofShared();
                    Student trained = student;
                    Objective wanted = new Objectives(recipe, data, start, catalog, work, listener, arena).of(trained);
                    Checkpoints checkpoints = new Checkpoints(
                            work.resolve("checkpoints"), recipe.checkpoint().keep(), state)) {
                objective = wanted;
                int from = steps(checkpoints);
                Optional<Lineage> before = from == recipe.steps() ? finished(target) : Optional.empty();
                if (before.isPresent()) {
                    listener.message("is finished already: " + target);
                    return before.get();
                }
                student.fetch();
            }
            if (tokens == 0) {
                listener.message("no step taught anything: the model is what it was at the start;"
                        + " look at the data, and at rewards that differ between answers");
            }
            return write(target);
        }

        /** The lineage of a model that this very run made. */
        private Optional<Lineage> finished(Path target) {
            if (!Files.exists(target.resolve(Lineage.FILE))) {
                return Optional.empty();
            }
            try {
                Lineage made = Lineage.read(target, new ModelFolder(target).sha256());
                boolean same = Recipes.write(recipe).equals(made.recipe())
                        && data.uses().equals(made.datasets())
                        && made.parents().stream()
                                .map(known -> known.lineage().sha256())
                                .toList()
                                .equals(parent == null ? List.of() : List.of(parent.sha256()));
                return same ? Optional.of(made) : Optional.empty();
            } catch (BadModelException changed) {
                return Optional.empty();
            }
        }

        /** @return the step after which it went on */
        private int steps(Checkpoints checkpoints) throws IOException {
            int from = restore(checkpoints.restore(fingerprint));
            Path metrics = work.resolve("metrics.jsonl");
            if (from > 0) {
                listener.message("continues after step " + from);
            } else if (Files.exists(metrics) && Files.size(metrics) > 0) {
                listener.message("begins anew: the last attempt had come to no checkpoint");
            }
            log = MetricLog.open(metrics, from);
            if (from == 0 && recipe.evaluation() != null) {
                told(0, evaluate());
            }
            int step = from;
            while (step < recipe.steps()) {
                if (listener.cancelled() && objective.settled()) {
                    save(checkpoints, step);
                    throw new RunCancelledException(step);
                }
                step = step(step + 1, checkpoints);
            }
            return from;
        }

        /** @return the step that the checkpoint was made after; 0 without one */
        private int restore(Checkpoints.State saved) {
            if (saved == null) {
                return 0;
            }
            student.store();
            objective.seek(saved.position());
            guard.restore(saved.guard());
            tokens = saved.tokens();
            return saved.step();
        }

        private void save(Checkpoints checkpoints, int step) throws IOException {
            student.fetch();
            checkpoints.save(new Checkpoints.State(step, objective.position(), guard.state(), fingerprint, tokens));
        }

        /** @return the last step that counts now: this one, or that of a checkpoint gone back to */
        private int step(int step, Checkpoints checkpoints) throws IOException {
            long began = System.nanoTime();
            student.begin(step);
            Objective.Outcome outcome = objective.gather(step);
            student.end();
            Map<String, Tensor> gradients = student.gradients().getFirst();
            exchange.average(student.gradients(), step);
            double norm = student.norm();
            tokens += outcome.tokens();
            Map<String, Double> metrics = new LinkedHashMap<>();
            metrics.put("loss", outcome.loss());
            if (outcome.tokens() == 0) {
                listener.message("step " + step + " is not taken: there is nothing to learn from in it");
                metrics.put("skipped", 1.0);
                return finished(step, metrics, outcome, began, checkpoints);
            }
            switch (guard.judge(outcome.loss(), norm)) {
                case take -> {
                    float clip = (float) Math.min(1, recipe.optimizer().clip() / Math.max(norm, 1e-12));
                    optimizer.step(gradients, step, schedule.at(step), clip);
                    if (average != null) {
                        average.add(student.masters(), step);
                    }
                    student.changed();
                }
                case skip -> {
                    listener.message("step " + step + " is not taken: loss " + outcome.loss() + ", gradient norm "
                            + norm + "; its data is skipped");
                    metrics.put("skipped", 1.0);
                }
                case rewind -> {
                    return rewind(step, checkpoints);
                }
                case fail -> throw new IllegalStateException(diagnosis(step, outcome, norm));
            }
            metrics.put("learningRate", (double) schedule.at(step));
            metrics.put("gradientNorm", norm);
            return finished(step, metrics, outcome, began, checkpoints);
        }

        private int finished(
                int step, Map<String, Double> metrics, Objective.Outcome outcome, long began, Checkpoints checkpoints)
                throws IOException {
            metrics.putAll(outcome.metrics());
            metrics.put("tokens", (double) tokens);
            double seconds = (System.nanoTime() - began) / 1e9;
            metrics.put("tokensPerSecond", outcome.tokens() / seconds);
            if (utilization != null) {
                metrics.put("mfu", utilization.of(outcome.batches(), seconds));
            }
            PeakMemory.bytes().ifPresent(bytes -> metrics.put("peakMemory", bytes));
            boolean last = step == recipe.steps();
            if (recipe.evaluation() != null
                    && (last || step % recipe.evaluation().every() == 0)) {
                metrics.putAll(evaluate());
            }
            told(step, metrics);
            if (recipe.samples() != null && (last || step % recipe.samples().every() == 0)) {
                sample(step);
            }
            due |= step % recipe.checkpoint().every() == 0;
            if (last || due && objective.settled()) {
                save(checkpoints, step);
                due = false;
            }
            return step;
        }

        private void told(int step, Map<String, Double> metrics) throws IOException {
            log.append(step, metrics);
            listener.metric(step, metrics);
        }

        /** Measures the averaged weights where there are some, since they are what is written. */
        private Map<String, Double> evaluate() throws IOException {
            if (average == null) {
                return objective.evaluate();
            }
            student.swap(average.values());
            try {
                return objective.evaluate();
            } finally {
                student.swap(average.values());
            }
        }

        /** Has the prompts answered by the likeliest tokens: as texts after pre-training, as a user's turns otherwise. */
        private void sample(int step) {
            SampleSection samples = recipe.samples();
            student.fetch();
            Precision precision = recipe.precision().precision();
            try (Arena arena = Arena.ofShared();
                    Rollouts rollouts = new Rollouts(
                            start.text(),
                            new Served(student, start, precision, precision, recipe.seed(), recipe.sequence(), arena),
                            1,
                            recipe.sequence())) {
                List<int[]> prompts = samples.prompts().stream()
                        .map(prompt -> rollouts.prompt(prompt, recipe.stage() != TrainRecipe.Stage.pretrain))
                        .toList();
                List<List<Rollouts.Written>> answers = rollouts.ask(prompts, 1, samples.tokens(), 0, step);
                for (int i = 0; i < answers.size(); i++) {
                    listener.sample(
                            step,
                            samples.prompts().get(i),
                            answers.get(i).getFirst().text());
                }
            }
        }

        private int rewind(int step, Checkpoints checkpoints) throws IOException {
            Checkpoints.State saved = checkpoints.restore(fingerprint);
            if (saved == null) {
                throw new IllegalStateException(
                        "step " + step + ": too many steps in a row were not taken, and there is"
                                + " no checkpoint to go back to; lower optimizer.learningRate or checkpoint.every");
            }
            student.store();
            guard.rewound(saved.guard());
            log = MetricLog.open(work.resolve("metrics.jsonl"), saved.step());
            listener.message("step " + step + ": too many steps in a row were not taken; goes back to step "
                    + saved.step() + ", and on with later data");
            return saved.step();
        }

        /** What is wrong with a step that cannot be taken, as near to its cause as can be seen. */
        private String diagnosis(int step, Objective.Outcome outcome, double norm) {
            String what = "step " + step + ": loss " + outcome.loss() + ", gradient norm " + norm;
            student.fetch();
            for (var entry : student.masters().entrySet()) {
                if (!FiniteWatch.finite(entry.getValue().toArray())) {
                    return what + "; weight " + entry.getKey() + " holds values that are no numbers";
                }
            }
            for (Batch batch : outcome.batches()) {
                String first = student.firstBad(batch);
                if (first != null) {
                    return what + "; the first result that is no number is of " + first
                            + "; lower optimizer.learningRate or optimizer.clip";
                }
            }
            for (int worker = 0; worker < recipe.exchange().workers(); worker++) {
                for (var entry : student.gradients().get(worker).entrySet()) {
                    if (!FiniteWatch.finite(student.read(worker, entry.getValue()))) {
                        return what + "; the gradient of " + entry.getKey()
                                + " holds values that are no numbers; lower optimizer.learningRate or optimizer.clip";
                    }
                }
            }
            return what + "; steps go wrong again and again; lower optimizer.learningRate, or raise stability.spike";
        }

        private Lineage write(Path target) throws IOException {
            listener.message("writes " + target.getFileName());
            Map<String, Tensor> values = average == null ? student.masters() : average.values();
            try (Arena arena = Arena.ofShared()) {
                TrainedModel written = new TrainedModel(recipe, start, parent, model, adaptation, values, arena);
                return written.write(target, data.uses(), log, tokens);
            }
        }
    }
}
