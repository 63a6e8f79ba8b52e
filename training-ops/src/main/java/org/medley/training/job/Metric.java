package org.medley.training.job;

import java.time.Instant;
import java.util.Map;

/**
 * The numbers of one step.
 *
 * @param at when they were told last
 */
public record Metric(int step, Instant at, Map<String, Double> values) {}
