package org.medley.runtime.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Symbols divided into kinds that automata do not tell apart, so that they need not look at every symbol. */
final class Alphabet {
    /** Ascending symbols, each with the kind of those from there on to the next; the first is 0. */
    private final int[] from;

    private final int[] kinds;
    /** The symbols of each kind, as far as any automaton reads them. */
    private final CodeSet[] symbols;

    private Alphabet(int[] from, int[] kinds, CodeSet[] symbols) {
        this.from = from;
        this.kinds = kinds;
        this.symbols = symbols;
    }

    /** Symbols are of one kind if the same sets hold them; those that none holds are not asked for. */
    static Alphabet of(Collection<CodeSet> sets) {
        TreeSet<Integer> turns = new TreeSet<>(List.of(0));
        for (CodeSet set : sets) {
            for (int i = 0; i < set.ranges(); i++) {
                turns.add(set.first(i));
                turns.add(set.last(i) + 1);
            }
        }
        int[] from = turns.stream().mapToInt(turn -> turn).toArray();
        List<BitSet> holders = new ArrayList<>();
        for (int i = 0; i < from.length; i++) {
            holders.add(new BitSet());
        }
        int number = 0;
        for (CodeSet set : sets) {
            for (int i = 0; i < set.ranges(); i++) {
                for (int at = Arrays.binarySearch(from, set.first(i)); from[at] <= set.last(i); at++) {
                    holders.get(at).set(number);
                }
            }
            number++;
        }
        return of(from, holders);
    }

    /** Tells apart what either does. */
    Alphabet and(Alphabet other) {
        TreeSet<Integer> turns = new TreeSet<>();
        Arrays.stream(from).forEach(turns::add);
        Arrays.stream(other.from).forEach(turns::add);
        int[] all = turns.stream().mapToInt(turn -> turn).toArray();
        List<Long> pairs = new ArrayList<>();
        for (int turn : all) {
            pairs.add((long) kind(turn) << 32 | other.kind(turn));
        }
        return of(all, pairs);
    }

    /** @param marks for each symbol in {@code from} what has to be equal for two to be of one kind */
    private static Alphabet of(int[] from, List<?> marks) {
        Map<Object, Integer> numbers = new HashMap<>();
        int[] kinds = new int[from.length];
        List<List<CodeSet>> parts = new ArrayList<>();
        for (int i = 0; i < from.length; i++) {
            Integer known = numbers.putIfAbsent(marks.get(i), numbers.size());
            kinds[i] = known == null ? numbers.size() - 1 : known;
            if (known == null) {
                parts.add(new ArrayList<>());
            }
            // What lies beyond the last turn is held by no set.
            if (i + 1 < from.length) {
                parts.get(kinds[i]).add(CodeSet.range(from[i], from[i + 1] - 1));
            }
        }
        return new Alphabet(from, kinds, parts.stream().map(CodeSet::union).toArray(CodeSet[]::new));
    }

    int kinds() {
        return symbols.length;
    }

    int kind(int symbol) {
        int at = Arrays.binarySearch(from, symbol);
        return kinds[at >= 0 ? at : -at - 2];
    }

    /** The kinds of which the set holds symbols. */
    int[] kindsOf(CodeSet set) {
        BitSet found = new BitSet();
        for (int i = 0; i < set.ranges(); i++) {
            int at = Arrays.binarySearch(from, set.first(i));
            for (at = at >= 0 ? at : -at - 2; at < from.length && from[at] <= set.last(i); at++) {
                found.set(kinds[at]);
            }
        }
        return found.stream().toArray();
    }

    CodeSet symbols(int kind) {
        return symbols[kind];
    }
}
