package org.medley.platform.audit;

/** How an audited action ended. */
public enum Outcome {
    success,
    failure
}
