package org.medley.runtime.engine;

/** The engine's queue is full; the same request may be taken later. */
public final class EngineBusyException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public EngineBusyException(String model, int waiting) {
        super("model " + model + " has " + waiting + " requests waiting, as many as are allowed; try again later");
    }
}
