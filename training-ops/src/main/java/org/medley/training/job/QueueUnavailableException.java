package org.medley.training.job;

/** The database did not answer; nothing is known of what was asked. A job in hand is taken up again when it does. */
public final class QueueUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    QueueUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
