package org.medley.platform.clinical;

import java.time.Instant;
import java.util.List;

/** What a model wrote about an assessment, checked sentence by sentence. */
record Reasoning(String text, List<Sentence> sentences, Instant finishedAt, Usage usage) {
    /**
     * @param citations numbers of the passages it cites
     * @param support share of its telling words that the cited passages or the case hold, 0 to 1
     */
    record Sentence(String text, List<Integer> citations, Status status, double support) {}

    /** Whether a sentence may be relied on. */
    enum Status {
        /** Cites passages of the assessment that hold what it says. */
        supported,
        /** Cites what does not hold it, or what does not exist. */
        unsupported,
        /** Cites nothing. */
        uncited
    }

    record Usage(int promptTokens, int completionTokens) {}
}
