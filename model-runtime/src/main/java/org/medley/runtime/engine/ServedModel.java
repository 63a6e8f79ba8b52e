package org.medley.runtime.engine;

/** A model in memory that answers requests, whatever kind of answer it gives. */
public sealed interface ServedModel permits Engine, EncoderEngine {
    /** Requests that run or wait. */
    int load();

    /** Takes no more requests, waits for those it has for up to {@code millis}, then gives its memory back. */
    void drain(long millis);
}
