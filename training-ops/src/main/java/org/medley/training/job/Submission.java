package org.medley.training.job;

import java.util.Map;
import java.util.UUID;

/**
 * A job as it is handed in.
 *
 * @param kind what makes the model: train, grow or fuse
 * @param stage of a training run; null for what is none
 * @param recipe YAML text
 * @param datasets what the recipe's names of datasets mean, whatever lies in the folder when the job's turn comes
 */
public record Submission(
        UUID tenant,
        String createdBy,
        String name,
        String kind,
        String stage,
        String recipe,
        Map<String, PinnedDataset> datasets) {}
