package org.medley.runtime.engine;

/** What a sequence may say next, where a format binds it. One per sequence; used by one thread at a time. */
public interface Constraint {
    /** Bits of the token ids allowed next: never none. Valid until the next call. */
    long[] allowed();

    /** Hears an allowed token. */
    void accept(int token);
}
