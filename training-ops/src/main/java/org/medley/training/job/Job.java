package org.medley.training.job;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;

/**
 * A job as it stands in the queue.
 *
 * @param kind what makes the model: train, grow or fuse
 * @param stage of a training run; null for what is none, and for jobs from before stages were kept
 * @param recipe YAML text, as it was submitted
 * @param step the last step a metric was written for
 * @param steps how many there will be; null until the runner says
 * @param latest the last value of each metric
 * @param message one line for people on what it does now; null if there is none
 * @param error why it failed; null if it did not
 * @param worker who has it, or had it last; null if nobody had it yet
 * @param leaseUntil when its worker counts as lost if it is not heard of before; null while none has it
 * @param fence the token of the claim this was read under; only its holder may write
 * @param datasets what its recipe's names of datasets mean; a name that is not here means what lies in the folder
 * @param folder where the model it made is; null until it succeeded
 * @param modelId the registered model; null until it is
 */
public record Job(
        UUID id,
        UUID tenantId,
        String name,
        String kind,
        String stage,
        String recipe,
        JobState state,
        String createdBy,
        Instant createdAt,
        Instant startedAt,
        Instant finishedAt,
        int step,
        Integer steps,
        Map<String, Double> latest,
        String message,
        String error,
        int attempts,
        boolean cancelRequested,
        boolean pauseRequested,
        String worker,
        Instant leaseUntil,
        long fence,
        Map<String, PinnedDataset> datasets,
        Path folder,
        UUID modelId) {
    /** Whether its worker was not heard of for so long that the next claim takes it over. */
    public boolean silent() {
        return state == JobState.RUNNING && leaseUntil != null && leaseUntil.isBefore(Instant.now());
    }
}
