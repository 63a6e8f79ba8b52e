package org.medley.training.job;

/** Where a job is in its life. */
public enum JobState {
    QUEUED,
    RUNNING,
    /** Waits until somebody resumes it, then goes on from its checkpoint. */
    PAUSED,
    SUCCEEDED,
    FAILED,
    CANCELLED;

    public boolean isEnd() {
        return this != QUEUED && this != RUNNING && this != PAUSED;
    }
}
