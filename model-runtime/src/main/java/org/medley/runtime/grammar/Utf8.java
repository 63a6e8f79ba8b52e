package org.medley.runtime.grammar;

import java.util.HashMap;
import java.util.Map;

/** Code points as paths of bytes that lead to one state. Surrogates are no characters and have no path. */
final class Utf8 {
    private static final int[] LAST_OF_LENGTH = {0x7F, 0x7FF, 0xFFFF, 0x10FFFF};
    private static final CodeSet SURROGATES = CodeSet.range(0xD800, 0xDFFF);

    private final Nfa nfa;
    private final CodeSet available;
    private final int target;
    /** States from which the given trailing bytes lead to the target, so that ranges that end alike share them. */
    private final Map<Tail, Integer> tails = new HashMap<>();

    /** Trailing byte ranges still to be read, the next first. */
    private record Tail(int first, int last, int state) {}

    Utf8(Nfa nfa, CodeSet available, int target) {
        this.nfa = nfa;
        this.available = available;
        this.target = target;
    }

    void read(int from, CodeSet set) {
        CodeSet characters = set.minus(SURROGATES);
        for (int i = 0; i < characters.ranges(); i++) {
            int first = characters.first(i);
            for (int length = 1; length <= 4; length++) {
                int last = Math.min(characters.last(i), LAST_OF_LENGTH[length - 1]);
                if (first <= last) {
                    split(from, first, last, length);
                    first = last + 1;
                }
            }
        }
    }

    /** Splits until all trailing bytes but those shared by the whole range run from 0x80 to 0xBF. */
    private void split(int from, int first, int last, int length) {
        for (int i = 1; i < length; i++) {
            int low = (1 << 6 * i) - 1;
            if ((first & ~low) != (last & ~low)) {
                if ((first & low) != 0) {
                    split(from, first, first | low, length);
                    split(from, (first | low) + 1, last, length);
                    return;
                }
                if ((last & low) != low) {
                    split(from, first, (last & ~low) - 1, length);
                    split(from, last & ~low, last, length);
                    return;
                }
            }
        }
        path(from, first, last, length);
    }

    private void path(int from, int first, int last, int length) {
        int state = target;
        for (int i = 0; i < length - 1; i++) {
            int low = 0x80 | first >> 6 * i & 0x3F;
            int high = 0x80 | last >> 6 * i & 0x3F;
            int next = state;
            state = tails.computeIfAbsent(new Tail(low, high, next), _ -> {
                int before = nfa.state();
                edge(before, low, high, next);
                return before;
            });
        }
        int lead = length == 1 ? 0 : 0xF0 << 4 - length & 0xFF;
        edge(from, lead | first >> 6 * (length - 1), lead | last >> 6 * (length - 1), state);
    }

    private void edge(int from, int first, int last, int to) {
        nfa.read(from, CodeSet.range(first, last).intersect(available), to);
    }
}
