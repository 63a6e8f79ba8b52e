package org.medley.training.job;

import java.time.Instant;
import java.util.UUID;

/**
 * A job went from one state to another, or from one worker to the next.
 *
 * @param from null when the job was submitted
 * @param worker who had the job then, or had it last; null if nobody did yet
 */
public record Transition(
        long id, UUID jobId, UUID tenantId, String jobName, Instant at, JobState from, JobState to, String worker) {}
