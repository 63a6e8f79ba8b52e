package org.medley.training.job;

import java.nio.file.Path;

/** Does the work of a job. */
@FunctionalInterface
public interface JobRunner {
    /**
     * Makes the job's model, going on from whatever an earlier attempt left in {@code workDir}. Ends early with a
     * {@link java.util.concurrent.CancellationException} once {@link Progress#cancelled()} says so, after writing a
     * checkpoint if it can, so that it goes on from there; any other exception fails the job, with its message as the reason.
     *
     * @param workDir this job's own folder, the same at every attempt
     */
    JobResult run(Job job, Path workDir, Progress progress) throws Exception;
}
