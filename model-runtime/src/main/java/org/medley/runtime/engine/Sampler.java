package org.medley.runtime.engine;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

/** Chooses tokens for one sequence; deterministic given the seed. Equal logits are ordered by token id. */
final class Sampler {
    private final SamplingParams params;
    private final SplittableRandom random;
    private final Map<Integer, Integer> generated = new HashMap<>();
    private final int[] prompt;

    Sampler(SamplingParams params, int[] prompt) {
        this.params = params;
        this.random = new SplittableRandom(params.seed());
        this.prompt = prompt;
    }

    /** @param logits of the whole vocabulary; changed by the call */
    int next(float[] logits) {
        penalize(logits);
        int token = params.temperature() == 0 ? argmax(logits) : draw(logits);
        generated.merge(token, 1, Integer::sum);
        return token;
    }

    private void penalize(float[] logits) {
        float repetition = params.repetitionPenalty();
        if (repetition != 1) {
            boolean[] seen = new boolean[logits.length];
            for (int token : prompt) {
                seen[token] = true;
            }
            generated.keySet().forEach(token -> seen[token] = true);
            for (int i = 0; i < logits.length; i++) {
                if (seen[i]) {
                    logits[i] = logits[i] > 0 ? logits[i] / repetition : logits[i] * repetition;
                }
            }
        }
        if (params.presencePenalty() != 0 || params.frequencyPenalty() != 0) {
            generated.forEach(
                    (token, count) -> logits[token] -= params.presencePenalty() + params.frequencyPenalty() * count);
        }
    }

    private static int argmax(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            if (logits[i] > logits[best]) {
                best = i;
            }
        }
        return best;
    }

    private int draw(float[] logits) {
        int size = logits.length;
        Integer[] order = new Integer[size];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> Float.compare(logits[b], logits[a]));
        int kept = params.topK() == 0 ? size : Math.min(params.topK(), size);
        double[] probabilities = new double[kept];
        double sum = 0;
        float top = logits[order[0]];
        for (int i = 0; i < kept; i++) {
            probabilities[i] = Math.exp((logits[order[i]] - top) / params.temperature());
            sum += probabilities[i];
        }
        double floor = params.minP() * probabilities[0];
        double mass = 0;
        int last = 0;
        while (last < kept && probabilities[last] >= floor) {
            mass += probabilities[last++];
            if (mass >= params.topP() * sum) {
                break;
            }
        }
        double at = random.nextDouble() * mass;
        for (int i = 0; i < last; i++) {
            at -= probabilities[i];
            if (at < 0) {
                return order[i];
            }
        }
        return order[last - 1];
    }
}
