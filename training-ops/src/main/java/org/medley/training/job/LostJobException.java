package org.medley.training.job;

import java.util.UUID;
import java.util.concurrent.CancellationException;

/** The job's lease ran out and it belongs to somebody else now, or to nobody: what this worker says no longer counts. */
public final class LostJobException extends CancellationException {
    private static final long serialVersionUID = 1L;

    LostJobException(UUID job) {
        super("job " + job + " is no longer held by this worker");
    }
}
