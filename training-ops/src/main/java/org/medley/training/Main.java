package org.medley.training;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import org.medley.runtime.weights.BadModelException;
import org.medley.training.bench.BenchCommand;
import org.medley.training.experiment.CompareCommand;
import org.medley.training.precision.FormatsCommand;
import org.medley.training.recipe.BadRecipeException;
import org.medley.training.recipe.FuseRecipe;
import org.medley.training.recipe.GrowRecipe;
import org.medley.training.recipe.Recipe;
import org.medley.training.recipe.Recipes;
import org.medley.training.recipe.TrainRecipe;
import org.medley.training.trainer.Catalog;
import org.medley.training.trainer.FuseRun;
import org.medley.training.trainer.GrowRun;
import org.medley.training.trainer.Lineage;
import org.medley.training.trainer.RunCancelledException;
import org.medley.training.trainer.RunListener;
import org.medley.training.trainer.RunLock;
import org.medley.training.trainer.TrainRun;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Training and fusion from the command line. */
@Command(
        name = "medley",
        subcommands = {
            Main.Train.class,
            Main.Grow.class,
            Main.Fuse.class,
            CompareCommand.class,
            FormatsCommand.class,
            BenchCommand.class
        },
        mixinStandardHelpOptions = true)
public final class Main {
    /** What is short ends at once when told to stop, and begins anew. */
    private static final BooleanSupplier NEVER = () -> false;

    private Main() {}

    public static void main(String[] args) {
        System.exit(new CommandLine(new Main())
                .setExecutionExceptionHandler((e, line, parsed) -> {
                    if (e instanceof BadRecipeException || e instanceof BadModelException) {
                        line.getErr().println(e.getMessage());
                        return 2;
                    }
                    throw e;
                })
                .execute(args));
    }

    /** What both commands take. */
    private abstract static class Run implements Callable<Integer> {
        @Parameters(paramLabel = "RECIPE", description = "YAML file; names of models and datasets in it may be paths")
        Path recipe;

        @Option(
                names = "--data",
                description = "folder with models/, datasets/ and runs/ (default: ${DEFAULT-VALUE})",
                defaultValue = "${sys:user.home}/.medley")
        Path data;

        @Option(names = "--output", description = "folder the model is written to (default: DATA/models/NAME)")
        Path output;

        Catalog catalog() {
            Path base = recipe.toAbsolutePath().getParent();
            return new Catalog(data.resolve("models"), data.resolve("datasets"), base);
        }

        Path target(Recipe read) {
            return output != null ? output : data.resolve("models").resolve(read.name());
        }

        <R extends Recipe> R read(Class<R> kind) {
            Recipe read = Recipes.read(recipe);
            if (!kind.isInstance(read)) {
                String right = switch (read) {
                    case TrainRecipe train -> "train";
                    case GrowRecipe grow -> "grow";
                    case FuseRecipe fuse -> "fuse";
                };
                throw new BadRecipeException(recipe + ": is a recipe to " + right + "; use ./medley " + right);
            }
            return kind.cast(read);
        }

        Integer report(Lineage lineage, Path target) {
            System.out.printf("%s  sha256 %s%n", target, lineage.sha256());
            return 0;
        }
    }

    @Command(
            name = "train",
            mixinStandardHelpOptions = true,
            description = "Trains a model as a recipe says; goes on where a killed run was.")
    static final class Train extends Run {
        @Override
        public Integer call() throws IOException {
            TrainRecipe read = read(TrainRecipe.class);
            Path work = data.resolve("runs").resolve(read.name());
            try (RunLock lock = RunLock.of(work);
                    StopSignal signal = new StopSignal()) {
                return trained(new TrainRun(read, catalog(), work, new Console(signal::came)), target(read));
            }
        }

        /** Tells what came of it while a signal still waits: the process ends with that. */
        private Integer trained(TrainRun run, Path target) throws IOException {
            try {
                return report(run.run(target), target);
            } catch (RunCancelledException e) {
                System.out.println(e.getMessage() + "; the same command goes on there");
                return 1;
            }
        }
    }

    @Command(
            name = "grow",
            mixinStandardHelpOptions = true,
            description = "Makes a deeper model from a trained one as a recipe says.")
    static final class Grow extends Run {
        @Override
        public Integer call() throws IOException {
            GrowRecipe read = read(GrowRecipe.class);
            return report(new GrowRun(read, catalog(), new Console(NEVER)).run(target(read)), target(read));
        }
    }

    @Command(name = "fuse", mixinStandardHelpOptions = true, description = "Fuses models as a recipe says.")
    static final class Fuse extends Run {
        @Override
        public Integer call() throws IOException {
            FuseRecipe read = read(FuseRecipe.class);
            return report(new FuseRun(read, catalog(), new Console(NEVER)).run(target(read)), target(read));
        }
    }

    /** Progress as lines: every step of a short run, every hundredth of a long one. */
    private static final class Console implements RunListener {
        private final long began = System.nanoTime();
        private final BooleanSupplier stopped;
        private int steps;

        Console(BooleanSupplier stopped) {
            this.stopped = stopped;
        }

        @Override
        public void steps(int count) {
            steps = count;
        }

        @Override
        public void metric(int step, Map<String, Double> values) {
            boolean shown = values.keySet().stream().anyMatch(name -> name.startsWith("evaluation"))
                    || step % Math.max(1, steps / 100) == 0;
            if (values.isEmpty() || !shown) {
                return;
            }
            double elapsed = (System.nanoTime() - began) / 1e9;
            StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "step %d/%d", step, steps));
            values.forEach((name, value) -> line.append(String.format(Locale.ROOT, "  %s %.5g", name, value)));
            if (step > 0) {
                line.append(
                        String.format(Locale.ROOT, "  %.0f s, %.0f s left", elapsed, elapsed / step * (steps - step)));
            }
            System.out.println(line);
        }

        @Override
        public void message(String text) {
            System.out.println(text);
        }

        @Override
        public void sample(int step, String prompt, String answer) {
            System.out.println(
                    "step " + step + "  " + prompt + "\n    " + answer.strip().replace("\n", "\n    "));
        }

        @Override
        public boolean cancelled() {
            return stopped.getAsBoolean();
        }
    }
}
