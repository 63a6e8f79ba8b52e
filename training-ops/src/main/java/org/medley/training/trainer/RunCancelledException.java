package org.medley.training.trainer;

/** A run ended because its listener said so; its last checkpoint stays. */
public final class RunCancelledException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public RunCancelledException(int step) {
        super("cancelled after step " + step);
    }
}
