package org.medley.training.parallel;

/** What workers do to gradients before they send them, by the names that recipes use. */
public enum Compression {
    /** Nothing: F32. */
    none,
    /** Rounds, and forgets what was lost. */
    naive,
    /** Adds all that was lost in a step to the next step's gradient (Seide et al. 2014). */
    error_feedback,
    /** Adds a moving average of what was lost, begun anew every some steps (LoCo, Xie et al. 2024). */
    loco
}
