package org.medley.training.job;

import java.time.Instant;

/**
 * A line of a job's log.
 *
 * @param sequence counts a job's lines from 1
 */
public record LogLine(long sequence, Instant at, String text) {}
