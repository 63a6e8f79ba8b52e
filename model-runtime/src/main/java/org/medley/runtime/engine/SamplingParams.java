package org.medley.runtime.engine;

import java.util.List;

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
 * @param seed of the random choice
 * @param maxTokens most tokens to generate; at least 1
 * @param stop texts before which the answer ends, at most 4
 */
public record SamplingParams(
        float temperature,
        int topK,
        float topP,
        float minP,
        float repetitionPenalty,
        float presencePenalty,
        float frequencyPenalty,
        long seed,
        int maxTokens,
        List<String> stop) {

    public SamplingParams {
        range("temperature", temperature, 0, 2);
        range("top_k", topK, 0, 1_000_000);
        range("top_p", topP, Float.MIN_VALUE, 1);
        range("min_p", minP, 0, 1);
        range("repetition_penalty", repetitionPenalty, 0.01f, 10);
        range("presence_penalty", presencePenalty, -2, 2);
        range("frequency_penalty", frequencyPenalty, -2, 2);
        range("max_tokens", maxTokens, 1, 1 << 20);
        stop = List.copyOf(stop);
        if (stop.size() > 4 || stop.stream().anyMatch(s -> s.isEmpty() || s.length() > 256)) {
            throw new IllegalArgumentException("stop may hold at most 4 texts of 1 to 256 characters");
        }
    }

    /** The most likely token, always. */
    public static SamplingParams greedy(int maxTokens) {
        return new SamplingParams(0, 0, 1, 0, 1, 0, 0, 0, maxTokens, List.of());
    }

    private static void range(String name, float value, float min, float max) {
        if (!(value >= min && value <= max)) {
            throw new IllegalArgumentException(name + " is " + value + "; " + min + " to " + max + " is possible");
        }
    }
}
