package org.medley.runtime.engine;

import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.medley.runtime.engine.TokenListener.Candidate;
import org.medley.runtime.tensor.Draw;

/**
 * Chooses the tokens of one sequence. The choice at a position depends on the seed, the position and what came before
 * alone, so that a sequence that is preempted, or guessed ahead, gets the tokens it would have got. Equal logits are
 * ordered by token id.
 */
final class Sampler {
    private final SamplingParams params;
    private final long seed;
    private final Set<Integer> endTokens;
    private final Map<Integer, Integer> generated = new HashMap<>();
    /** Tokens of prompt and answer, or null where repeating them costs nothing. */
    private final BitSet seen;

    private int position;

    /** @param seed in place of the parameters', so that several answers to one request differ */
    Sampler(SamplingParams params, long seed, int[] prompt, Set<Integer> endTokens) {
        this.params = params;
        this.seed = seed;
        this.seen = params.repetitionPenalty() == 1 ? null : new BitSet();
        if (seen != null) {
            Arrays.stream(prompt).forEach(seen::set);
        }
        this.endTokens = endTokens;
    }

    /** A token, with its log-probability and the likeliest others' under the model itself if they were asked for. */
    record Choice(int token, float logprob, List<Candidate> top) {}

    /**
     * @param logits of the whole vocabulary; changed by the call
     * @param allowed bits of the ids that may be chosen, or null for all
     */
    Choice next(float[] logits, long[] allowed) {
        float[] plain = params.logprobs() >= 0 ? logits.clone() : null;
        restrict(logits, allowed);
        params.bias().forEach((token, bias) -> {
            if (token < logits.length) {
                logits[token] += bias;
            }
        });
        penalize(logits);
        int token = params.temperature() == 0 ? argmax(logits) : draw(logits);
        chose(token);
        return plain == null ? new Choice(token, 0, List.of()) : told(plain, token);
    }

    /**
     * The same choice for a device to make, or null if more is wanted of it than a token and its log-probability.
     *
     * @param vocabulary logits of a row
     */
    Draw draw(int vocabulary, long[] allowed) {
        if (params.logprobs() > 0) {
            return null;
        }
        Edits edits = new Edits(vocabulary);
        if (allowed == null && position < params.minTokens()) {
            edits.forbid(endTokens);
        }
        edits.bias(params.bias());
        if (params.presencePenalty() != 0 || params.frequencyPenalty() != 0) {
            generated.forEach(
                    (token, count) -> edits.take(token, params.presencePenalty() + params.frequencyPenalty() * count));
        }
        if (seen != null) {
            seen.stream().forEach(edits::repeated);
        }
        return new Draw(
                params.temperature(),
                params.topK(),
                params.topP(),
                params.minP(),
                uniform(),
                allowed,
                edits.done(params.repetitionPenalty()));
    }

    /** Hears what a device chose. */
    Choice drawn(Draw.Drawn drawn) {
        chose(drawn.token());
        return new Choice(drawn.token(), params.logprobs() < 0 ? 0 : drawn.logprob(), List.of());
    }

    private void chose(int token) {
        generated.merge(token, 1, Integer::sum);
        if (seen != null) {
            seen.set(token);
        }
        position++;
    }

    private void restrict(float[] logits, long[] allowed) {
        if (allowed != null) {
            for (int from = 0; from < logits.length; from += 64) {
                int to = Math.min(logits.length, from + 64);
                long word = from >> 6 < allowed.length ? allowed[from >> 6] : 0;
                if (word == 0) {
                    Arrays.fill(logits, from, to, Float.NEGATIVE_INFINITY);
                } else if (word != -1) {
                    for (int i = from; i < to; i++) {
                        logits[i] = (word >>> i & 1) == 0 ? Float.NEGATIVE_INFINITY : logits[i];
                    }
                }
            }
        } else if (position < params.minTokens()) {
            for (int end : endTokens) {
                logits[end] = Float.NEGATIVE_INFINITY;
            }
        }
    }

    private void penalize(float[] logits) {
        if (seen != null) {
            float repetition = params.repetitionPenalty();
            for (int i = seen.nextSetBit(0); i >= 0; i = seen.nextSetBit(i + 1)) {
                logits[i] = logits[i] > 0 ? logits[i] / repetition : logits[i] * repetition;
            }
        }
        if (params.presencePenalty() != 0 || params.frequencyPenalty() != 0) {
            generated.forEach(
                    (token, count) -> logits[token] -= params.presencePenalty() + params.frequencyPenalty() * count);
        }
    }

    /** The first of the greatest of those that are numbers; 0 if none is. */
    static int argmax(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            if (logits[i] > logits[best] || (Float.isNaN(logits[best]) && !Float.isNaN(logits[i]))) {
                best = i;
            }
        }
        return best;
    }

    /** A number in [0, 1) for this position: SplitMix64's output function (Steele et al. 2014) over seed and position. */
    private double uniform() {
        long z = seed + (position + 1) * 0x9E3779B97F4A7C15L;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return ((z ^ z >>> 31) >>> 11) * 0x1p-53;
    }

    private int draw(float[] logits) {
        int best = argmax(logits);
        float top = logits[best];
        double[] weights = new double[logits.length];
        double sum = 0;
        for (int i = 0; i < logits.length; i++) {
            double weight = Math.exp((logits[i] - top) / params.temperature());
            weights[i] = weight >= 0 ? weight : 0;
            sum += weights[i];
        }
        if (sum == 0) {
            // No distance from the greatest is a number.
            return best;
        }
        if (params.topK() == 0 && params.topP() == 1 && params.minP() == 0) {
            return pick(weights, IntStream.range(0, weights.length).toArray(), weights.length, sum);
        }
        int[] order = likeliest(weights, floor(weights, sum));
        int last = 0;
        double mass = 0;
        while (last < order.length && (params.topK() == 0 || last < params.topK())) {
            double weight = weights[order[last]];
            if (weight < params.minP()) {
                break;
            }
            mass += weight;
            last++;
            if (mass >= params.topP() * sum) {
                break;
            }
        }
        return pick(weights, order, last, mass);
    }

    /** A weight below which no token can be among those kept, so that only few need sorting. */
    private double floor(double[] weights, double sum) {
        // All tokens below it together have less than the probability that top-p leaves out.
        double floor = Math.max(params.minP(), (1 - params.topP()) * sum / weights.length);
        if (params.topK() > 0 && params.topK() < weights.length / 4) {
            double[] sorted = new double[params.topK()];
            for (double weight : weights) {
                if (weight > sorted[0]) {
                    insert(sorted, weight);
                }
            }
            floor = Math.max(floor, sorted[0]);
        }
        return floor;
    }

    /** Replaces the least of an ascending array. */
    private static void insert(double[] sorted, double value) {
        int at = Arrays.binarySearch(sorted, value);
        at = (at < 0 ? -at - 1 : at) - 1;
        System.arraycopy(sorted, 1, sorted, 0, at);
        sorted[at] = value;
    }

    /** Ids of weights at or above the floor, the greatest first, equal ones by id. */
    private static int[] likeliest(double[] weights, double floor) {
        return IntStream.range(0, weights.length)
                .filter(i -> weights[i] >= floor)
                .boxed()
                .sorted((a, b) -> {
                    int byWeight = Double.compare(weights[b], weights[a]);
                    return byWeight != 0 ? byWeight : Integer.compare(a, b);
                })
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private int pick(double[] weights, int[] order, int count, double mass) {
        double at = uniform() * mass;
        int last = order[0];
        for (int i = 0; i < count; i++) {
            if (weights[order[i]] > 0) {
                last = order[i];
                at -= weights[last];
                if (at < 0) {
                    return last;
                }
            }
        }
        return last;
    }

    private Choice told(float[] logits, int token) {
        float top = logits[argmax(logits)];
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - top);
        }
        double norm = top + Math.log(sum);
        int count = params.logprobs();
        double[] values = new double[logits.length];
        Arrays.setAll(values, i -> logits[i]);
        double[] greatest = new double[Math.max(1, count)];
        Arrays.fill(greatest, Double.NEGATIVE_INFINITY);
        for (double value : values) {
            if (value > greatest[0]) {
                insert(greatest, value);
            }
        }
        List<Candidate> candidates = Arrays.stream(likeliest(values, greatest[0]))
                .limit(count)
                .mapToObj(id -> new Candidate(id, (float) (logits[id] - norm)))
                .toList();
        return new Choice(token, (float) (logits[token] - norm), candidates);
    }
}
