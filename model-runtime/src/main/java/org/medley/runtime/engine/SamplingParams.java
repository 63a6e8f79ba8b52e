package org.medley.runtime.engine;

import java.util.List;
import java.util.Map;

/**
 * How the next token is chosen. Out-of-range values are refused with an {@link IllegalArgumentException} that names them.
 *
 * @param temperature 0 takes the most likely token; up to 2
 * @param topK only the k most likely; 0 for all
 * @param topP only the most likely that together reach this probability; in (0, 1]
 * @param minP only those at least this fraction as likely as the most likely; in [0, 1)
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens seen (Keskar et al. 2019); above 0
 * @param presencePenalty taken from logits of tokens generated at least once; in [-2, 2]
 * @param frequencyPenalty taken from logits per occurrence among generated tokens; in [-2, 2]
 * @param bias added to logits, by token id; in [-100, 100] each, at most 1024
 * @param seed of the random choice
 * @param maxTokens most tokens to generate; at least 1
 * @param minTokens before which no end token is chosen
 * @param ignoreEnd end tokens are generated like others
 * @param stop texts before which the answer ends, at most 16
 * @param logprobs how many alternatives to tell with each token; 0 for the chosen one alone, -1 for nothing; up to 20
 */
public record SamplingParams(
        float temperature,
        int topK,
        float topP,
        float minP,
        float repetitionPenalty,
        float presencePenalty,
        float frequencyPenalty,
        Map<Integer, Float> bias,
        long seed,
        int maxTokens,
        int minTokens,
        boolean ignoreEnd,
        List<String> stop,
        int logprobs) {

    public SamplingParams {
        range("temperature", temperature, 0, 2);
        range("top_k", topK, 0, 1_000_000);
        range("top_p", topP, Float.MIN_VALUE, 1);
        range("min_p", minP, 0, 1);
        range("repetition_penalty", repetitionPenalty, 0.01f, 10);
        range("presence_penalty", presencePenalty, -2, 2);
        range("frequency_penalty", frequencyPenalty, -2, 2);
        range("max_tokens", maxTokens, 1, 1 << 20);
        range("min_tokens", minTokens, 0, maxTokens);
        range("top_logprobs", logprobs, -1, 20);
        bias = Map.copyOf(bias);
        if (bias.size() > 1024) {
            throw new IllegalArgumentException("logit_bias has " + bias.size() + " entries; 1024 are possible");
        }
        bias.values().forEach(value -> range("logit_bias", value, -100, 100));
        stop = List.copyOf(stop);
        if (stop.size() > 16 || stop.stream().anyMatch(s -> s.isEmpty() || s.length() > 256)) {
            throw new IllegalArgumentException("stop may hold at most 16 texts of 1 to 256 characters");
        }
    }

    /** The most likely token, always. */
    public static SamplingParams greedy(int maxTokens) {
        return builder().maxTokens(maxTokens).build();
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Greedy unless told otherwise; 16 tokens. */
    public static final class Builder {
        private float temperature;
        private int topK;
        private float topP = 1;
        private float minP;
        private float repetitionPenalty = 1;
        private float presencePenalty;
        private float frequencyPenalty;
        private Map<Integer, Float> bias = Map.of();
        private long seed;
        private int maxTokens = 16;
        private int minTokens;
        private boolean ignoreEnd;
        private List<String> stop = List.of();
        private int logprobs = -1;

        private Builder() {}

        public Builder temperature(float value) {
            temperature = value;
            return this;
        }

        public Builder topK(int value) {
            topK = value;
            return this;
        }

        public Builder topP(float value) {
            topP = value;
            return this;
        }

        public Builder minP(float value) {
            minP = value;
            return this;
        }

        public Builder repetitionPenalty(float value) {
            repetitionPenalty = value;
            return this;
        }

        public Builder presencePenalty(float value) {
            presencePenalty = value;
            return this;
        }

        public Builder frequencyPenalty(float value) {
            frequencyPenalty = value;
            return this;
        }

        public Builder bias(Map<Integer, Float> value) {
            bias = value;
            return this;
        }

        public Builder seed(long value) {
            seed = value;
            return this;
        }

        public Builder maxTokens(int value) {
            maxTokens = value;
            return this;
        }

        public Builder minTokens(int value) {
            minTokens = value;
            return this;
        }

        public Builder ignoreEnd(boolean value) {
            ignoreEnd = value;
            return this;
        }

        public Builder stop(List<String> value) {
            stop = value;
            return this;
        }

        public Builder logprobs(int value) {
            logprobs = value;
            return this;
        }

        public SamplingParams build() {
            return new SamplingParams(
                    temperature,
                    topK,
                    topP,
                    minP,
                    repetitionPenalty,
                    presencePenalty,
                    frequencyPenalty,
                    bias,
                    seed,
                    maxTokens,
                    minTokens,
                    ignoreEnd,
                    stop,
                    logprobs);
        }
    }

    private static void range(String name, float value, float min, float max) {
        if (!(value >= min && value <= max)) {
            throw new IllegalArgumentException(name + " is " + value + "; " + min + " to " + max + " is possible");
        }
    }
}
