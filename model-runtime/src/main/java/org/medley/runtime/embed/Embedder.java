package org.medley.runtime.embed;

import java.util.List;

/** Text to vectors, such that texts of like meaning lie close. Safe for use by several threads. */
public interface Embedder {
    /** Names model and version: vectors of different ids must not be compared. */
    String id();

    int dimensions();

    /** What a text is for; some models mark the sides of a search differently. */
    enum Side {
        PLAIN,
        QUERY,
        DOCUMENT
    }

    /**
     * @param side what the texts are for
     * @param cut most tokens of a text, the rest is left out; 0 to refuse texts longer than the model reads
     * @param unit whether vectors are scaled to unit length
     */
    record Reading(Side side, int cut, boolean unit) {
        public static final Reading PASSAGE = new Reading(Side.DOCUMENT, Integer.MAX_VALUE, true);
        public static final Reading QUERY = new Reading(Side.QUERY, Integer.MAX_VALUE, true);
    }

    /** @param tokens that were read, over all texts */
    record Embedded(List<float[]> vectors, int tokens) {}

    /** Why it gives no vectors, or null if it does. */
    default String cannotEmbed() {
        return null;
    }

    /** @throws IllegalArgumentException if a text is longer than the model reads, naming which */
    Embedded embed(List<String> texts, Reading reading);

    /** The vector, of unit length, of a text that is to be found; cut where it is too long. */
    default float[] passage(String text) {
        return embed(List.of(text), Reading.PASSAGE).vectors().getFirst();
    }

    /** The vector, of unit length, of a text that looks for passages. */
    default float[] query(String text) {
        return embed(List.of(text), Reading.QUERY).vectors().getFirst();
    }
}
