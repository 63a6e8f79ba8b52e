package org.medley.platform.training;

import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import org.medley.platform.identity.TenantFolders;
import org.medley.training.job.Job;
import org.medley.training.job.JobResult;
import org.medley.training.job.JobRunner;
import org.medley.training.job.Progress;
import org.medley.training.recipe.FuseRecipe;
import org.medley.training.recipe.Recipe;
import org.medley.training.recipe.Recipes;
import org.medley.training.recipe.TrainRecipe;
import org.medley.training.trainer.Catalog;
import org.medley.training.trainer.FuseRun;
import org.medley.training.trainer.RunCancelledException;
import org.medley.training.trainer.RunListener;
import org.medley.training.trainer.TrainRun;

/** Runs a job's recipe among its tenant's models and datasets. */
@ApplicationScoped
class RecipeRuns implements JobRunner {
    private final TenantFolders folders;

    RecipeRuns(TenantFolders folders) {
        this.folders = folders;
    }

    /** What a recipe's names mean for a tenant; paths are refused, for they could lead anywhere. */
    Catalog catalog(UUID tenant) {
        return new Catalog(folders.models(tenant), folders.datasets(tenant), null);
    }

    @Override
    public JobResult run(Job job, Path workDir, Progress progress) throws IOException {
        Recipe recipe = Recipes.parse(job.recipe(), "recipe");
        Catalog catalog = catalog(job.tenantId());
        Path target = folders.models(job.tenantId()).resolve(recipe.name());
        RunListener listener = new Listener(progress);
        try {
            switch (recipe) {
                case TrainRecipe train -> new TrainRun(train, catalog, workDir, listener).run(target);
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
        public boolean cancelled() {
            return progress.cancelled();
        }
    }
}
