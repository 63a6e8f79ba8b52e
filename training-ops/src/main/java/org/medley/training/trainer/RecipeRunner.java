package org.medley.training.trainer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import org.medley.training.job.Job;
import org.medley.training.job.JobResult;
import org.medley.training.job.JobRunner;
import org.medley.training.job.Progress;
import org.medley.training.recipe.FuseRecipe;
import org.medley.training.recipe.GrowRecipe;
import org.medley.training.recipe.Recipe;
import org.medley.training.recipe.Recipes;
import org.medley.training.recipe.TrainRecipe;

/**
 * Runs a job's recipe among its tenant's models and datasets.
 *
 * @param catalogs what a recipe's names mean for a tenant
 */
public record RecipeRunner(Function<UUID, Catalog> catalogs) implements JobRunner {
    @Override
    public JobResult run(Job job, Path workDir, Progress progress) throws IOException {
        Recipe recipe = Recipes.parse(job.recipe(), "recipe");
        Catalog catalog = catalogs.apply(job.tenantId()).pinned(job.datasets());
        Path target = catalog.models().resolve(recipe.name());
        RunListener listener = new Listener(progress);
        try {
            switch (recipe) {
                case TrainRecipe train -> new TrainRun(train, catalog, workDir, listener).run(target);
                case GrowRecipe grow -> new GrowRun(grow, catalog, listener).run(target);
                case FuseRecipe fuse -> new FuseRun(fuse, catalog, listener).run(target);
            }
        } catch (RunCancelledException e) {
            CancellationException cancelled = new CancellationException(e.getMessage());
            cancelled.initCause(e);
            throw cancelled;
        }
        return new JobResult(target);
    }

    private record Listener(Progress progress) implements RunListener {
        @Override
        public void steps(int steps) {
            progress.steps(steps);
        }

        @Override
        public void metric(int step, Map<String, Double> values) {
            progress.metric(step, values);
        }

        @Override
        public void message(String text) {
            progress.message(text);
        }

        @Override
        public void sample(int step, String prompt, String answer) {
            progress.sample(step, prompt, answer);
        }

        @Override
        public boolean cancelled() {
            return progress.cancelled();
        }
    }
}
