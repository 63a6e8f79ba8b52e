package org.medley.runtime.engine;

import java.util.List;

/** Who hears a generation. Called on the engine's thread: it must not block. */
public interface TokenListener {
    /**
     * A token as it is chosen, the one that ends the answer too.
     *
     * @param logprob under the model itself, if log-probabilities were asked for
     */
    default void token(int token, float logprob) {}

    /**
     * More of the answer; never empty.
     *
     * @param tokens those the text came of, if log-probabilities were asked for; tokens that are part of no text yet
     *     come with the next
     */
    void text(String piece, List<Chosen> tokens);

    /** Which stop text the answer has met; told before {@link #end}, and only then. */
    default void stopped(String stop) {}

    /** The end, told once. */
    void end(FinishReason reason, Usage usage);

    /** The end by a fault, told instead of {@link #end}. */
    void failed(RuntimeException cause);

    /** A token with its log-probability under the model, and the likeliest there, the first first. */
    record Chosen(int token, float logprob, List<Candidate> top) {}

    record Candidate(int token, float logprob) {}

    /** Why a generation ended, in the terms of OpenAI's API. */
    enum FinishReason {
        /** An end token or a stop text. */
        stop,
        /** As many tokens as were asked for, or a full context. */
        length,
        /** By the caller. */
        cancelled
    }

    /** @param cachedTokens tokens of the prompt that did not have to be computed */
    record Usage(int promptTokens, int completionTokens, int cachedTokens) {}
}
