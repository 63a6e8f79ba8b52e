package org.medley.runtime.engine;

import org.medley.runtime.engine.TokenListener.FinishReason;

/** Who measures an engine. Called on its thread: it must not block. Times are nanoseconds of a monotonic clock. */
public interface EngineObserver {
    EngineObserver NONE = new EngineObserver() {
        @Override
        public void step(StepStats stats) {}

        @Override
        public void token(long sincePrevious) {}

        @Override
        public void ended(RequestStats stats) {}
    };

    /**
     * @param running sequences that run after the step
     * @param waiting sequences that wait
     * @param tokens run in the step, guesses included
     * @param drafted tokens guessed
     * @param accepted of the guessed
     * @param preempted sequences that lost their pages
     */
    record StepStats(
            int running,
            int waiting,
            int usedPages,
            int pages,
            int tokens,
            int drafted,
            int accepted,
            int preempted,
            long nanos) {}

    /**
     * @param queued from submission to the first step
     * @param prefill from then to the first token
     * @param decode from then to the last; 0 if there was none
     */
    record RequestStats(
            FinishReason reason,
            int promptTokens,
            int cachedTokens,
            int generatedTokens,
            int maxTokens,
            long queued,
            long prefill,
            long decode) {}

    void step(StepStats stats);

    /** A further token of a sequence. */
    void token(long sincePrevious);

    void ended(RequestStats stats);
}
