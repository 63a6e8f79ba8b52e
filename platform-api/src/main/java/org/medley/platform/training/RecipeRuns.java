package org.medley.platform.training;

import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;
import org.medley.platform.identity.TenantFolders;
import org.medley.training.job.Job;
import org.medley.training.job.JobResult;
import org.medley.training.job.JobRunner;
import org.medley.training.job.Progress;
import org.medley.training.trainer.Catalog;
import org.medley.training.trainer.RecipeRunner;

/** Runs a job's recipe among its tenant's models and datasets. */
@ApplicationScoped
class RecipeRuns implements JobRunner {
    private final TenantFolders folders;
    private final RecipeRunner runner = new RecipeRunner(this::catalog);

    RecipeRuns(TenantFolders folders) {
        this.folders = folders;
    }

    /** What a recipe's names mean for a tenant; paths are refused, for they could lead anywhere. */
    Catalog catalog(UUID tenant) {
        return new Catalog(folders.models(tenant), folders.datasets(tenant), null);
    }

    @Override
    public JobResult run(Job job, Path workDir, Progress progress) throws IOException {
        return runner.run(job, workDir, progress);
    }
}
