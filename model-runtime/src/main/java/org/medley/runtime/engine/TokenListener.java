package org.medley.runtime.engine;

/** Who hears a generation. Called on the engine's thread: it must not block. */
public interface TokenListener {
    /** More of the answer; never empty. */
    void text(String piece);

    /** The end, told once. */
    void end(FinishReason reason, Usage usage);

    /** The end by a fault, told instead of {@link #end}. */
    void failed(RuntimeException cause);

    /** Why a generation ended, in the terms of OpenAI's API. */
    enum FinishReason {
        /** An end token or a stop text. */
        stop,
        /** As many tokens as were asked for, or a full context. */
        length,
        /** By the caller. */
        cancelled
    }

    record Usage(int promptTokens, int completionTokens) {}
}
