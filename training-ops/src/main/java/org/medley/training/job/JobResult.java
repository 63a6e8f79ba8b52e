package org.medley.training.job;

import java.nio.file.Path;

/** What a job made: a model folder, complete and durable on disk. */
public record JobResult(Path folder) {}
