package org.medley.training.job;

import java.util.Map;

/** The numbers of one step. */
public record Metric(int step, Map<String, Double> values) {}
