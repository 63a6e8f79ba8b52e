package org.medley.training.job;

import java.time.Instant;

/** What the model answered to a prompt of the recipe after a step. */
public record Sample(int step, Instant at, String prompt, String answer) {}
