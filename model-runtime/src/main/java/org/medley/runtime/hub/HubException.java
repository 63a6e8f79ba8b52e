package org.medley.runtime.hub;

/** A hub, or the way to it, does not give what was asked for; the message says what and what can be done. */
public final class HubException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    HubException(String message) {
        super(message);
    }

    HubException(String message, Throwable cause) {
        super(message, cause);
    }
}
