package org.medley.runtime.embed;

/** Text to a vector of unit length, such that texts of like meaning lie close. Safe for use by several threads. */
public interface Embedder {
    /** Names model and version: vectors of different ids must not be compared. */
    String id();

    int dimensions();

    /** The vector of a text that is to be found. */
    float[] passage(String text);

    /** The vector of a text that looks for passages; some models mark the two sides differently. */
    float[] query(String text);
}
