package org.medley.runtime.engine;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.medley.runtime.tensor.Draw;

/** What a request changes of single tokens' logits, gathered token by token for a device to apply. */
final class Edits {
    private static final class Edit {
        private float added;
        private float taken;
        private boolean repeated;
    }

    private final int vocabulary;
    private final Map<Integer, Edit> edits = new TreeMap<>();

    Edits(int vocabulary) {
        this.vocabulary = vocabulary;
    }

    private Edit of(int token) {
        return edits.computeIfAbsent(token, t -> new Edit());
    }

    Edits forbid(Set<Integer> tokens) {
        tokens.forEach(token -> of(token).added = Float.NEGATIVE_INFINITY);
        return this;
    }

    Edits bias(Map<Integer, Float> bias) {
        bias.forEach((token, value) -> {
            if (token < vocabulary) {
                of(token).added += value;
            }
        });
        return this;
    }

    Edits repeated(int token) {
        of(token).repeated = true;
        return this;
    }

    Edits take(int token, float value) {
        of(token).taken = value;
        return this;
    }

    Draw.Edits done(float repetition) {
        if (edits.isEmpty()) {
            return Draw.Edits.NONE;
        }
        int[] tokens = new int[edits.size()];
        float[] added = new float[edits.size()];
        boolean[] repeated = new boolean[edits.size()];
        float[] taken = new float[edits.size()];
        int at = 0;
        for (Map.Entry<Integer, Edit> edit : edits.entrySet()) {
            tokens[at] = edit.getKey();
            added[at] = edit.getValue().added;
            repeated[at] = edit.getValue().repeated;
            taken[at++] = edit.getValue().taken;
        }
        return new Draw.Edits(tokens, added, repeated, taken, repetition);
    }
}
