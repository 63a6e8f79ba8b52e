package org.medley.runtime.engine;

import java.util.function.Supplier;

/**
 * What an engine is asked.
 *
 * @param prompt token ids, at least one
 * @param tenant whose share of the engine it takes, and with whom it may share computed prompts
 * @param adapter name of an adapter to run it through, or null
 * @param constraint makes what binds one answer's tokens, or null
 */
public record Request(
        int[] prompt, SamplingParams params, String tenant, String adapter, Supplier<? extends Constraint> constraint) {
    public Request(int[] prompt, SamplingParams params) {
        this(prompt, params, "", null, null);
    }
}
