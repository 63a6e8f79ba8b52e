package org.medley.runtime.engine;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.medley.runtime.tensor.Draw;

/**
 * What a request changes of single tokens' logits, gathered token by token for a device to apply. What is repeated comes
 * last: a prompt may be long.
 */
final class Edits {
    private final int vocabulary;
    /** Places of tokens with more than a repetition. */
    private final Map<Integer, Integer> places = new HashMap<>();

    private int count;
    private int[] tokens = new int[16];
    private float[] added = new float[16];
    private boolean[] repeated = new boolean[16];
    private float[] taken = new float[16];

    Edits(int vocabulary) {
        this.vocabulary = vocabulary;
    }

    private int of(int token) {
        return places.computeIfAbsent(token, this::append);
    }

    private int append(int token) {
        if (count == tokens.length) {
            tokens = Arrays.copyOf(tokens, 2 * count);
            added = Arrays.copyOf(added, 2 * count);
            repeated = Arrays.copyOf(repeated, 2 * count);
            taken = Arrays.copyOf(taken, 2 * count);
        }
        tokens[count] = token;
        return count++;
    }

    void forbid(Set<Integer> forbidden) {
        forbidden.forEach(token -> {
            int at = of(token);
            added[at] = Float.NEGATIVE_INFINITY;
        });
    }

    void bias(Map<Integer, Float> bias) {
        bias.forEach((token, value) -> {
            if (token < vocabulary) {
                int at = of(token);
                added[at] += value;
            }
        });
    }

    void take(int token, float value) {
        int at = of(token);
        taken[at] = value;
    }

    /** Each token once. */
    void repeated(int token) {
        Integer known = places.get(token);
        int at = known == null ? append(token) : known;
        repeated[at] = true;
    }

    Draw.Edits done(float repetition) {
        return count == 0
                ? Draw.Edits.NONE
                : new Draw.Edits(
                        Arrays.copyOf(tokens, count),
                        Arrays.copyOf(added, count),
                        Arrays.copyOf(repeated, count),
                        Arrays.copyOf(taken, count),
                        repetition);
    }
}
