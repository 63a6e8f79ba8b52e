package org.medley.runtime.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.medley.runtime.engine.SamplingParams;

/** How a request wants its tokens chosen. */
final class Sampling {
    private Sampling() {}

    /**
     * @param maxTokens as asked for, or null for all that fit
     * @param room tokens that fit behind the prompt
     * @param logprobs as {@link SamplingParams#logprobs}
     */
    static SamplingParams of(Fields in, Integer maxTokens, int room, int logprobs) {
        try {
            Long seed = in.integer("seed");
            int topK = in.integer("top_k", 0, -1, 1_000_000);
            return SamplingParams.builder()
                    .temperature(in.number("temperature", 1))
                    .topK(Math.max(0, topK))
                    .topP(in.number("top_p", 1))
                    .minP(in.number("min_p", 0))
                    .repetitionPenalty(in.number("repetition_penalty", 1))
                    .presencePenalty(in.number("presence_penalty", 0))
                    .frequencyPenalty(in.number("frequency_penalty", 0))
                    .bias(bias(in))
                    .seed(seed == null ? ThreadLocalRandom.current().nextLong() : seed)
                    .maxTokens(maxTokens == null ? Math.max(1, room) : maxTokens)
                    .minTokens(in.integer("min_tokens", 0, 0, 1 << 20))
                    .ignoreEnd(in.flag("ignore_eos", false))
                    .stop(in.texts("stop"))
                    .logprobs(logprobs)
                    .build();
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid(e.getMessage().split(" ")[0], e.getMessage());
        }
    }

    private static Map<Integer, Float> bias(Fields in) {
        Map<Integer, Float> bias = new HashMap<>();
        Fields given = in.object("logit_bias");
        if (given != null) {
            for (var entry : in.node("logit_bias").properties()) {
                JsonNode value = entry.getValue();
                if (!entry.getKey().matches("\\d{1,8}") || !value.isNumber()) {
                    throw in.wrong("logit_bias", in.node("logit_bias"), "an object of numbers by token id");
                }
                bias.put(Integer.parseInt(entry.getKey()), value.floatValue());
            }
        }
        return bias;
    }
}
