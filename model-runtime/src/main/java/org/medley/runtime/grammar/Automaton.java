package org.medley.runtime.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * The rules of a grammar as one pushdown automaton over bytes: their deterministic automata, states numbered through.
 * From every state that can be reached, a text can be ended with bytes that may be read.
 */
final class Automaton {
    private static final int NONE = -1;
    private static final int[] NO_CALLS = {};

    /** For each state the ascending bytes from which on {@link #to} holds; the first is 0. */
    private final List<int[]> from = new ArrayList<>();

    private final List<int[]> to = new ArrayList<>();
    /** For each state pairs of a rule it calls and the state after. */
    private final List<int[]> calls = new ArrayList<>();

    private final List<Integer> count = new ArrayList<>();
    private final List<Integer> counted = new ArrayList<>();
    private final BitSet ends = new BitSet();
    private final BitSet returns = new BitSet();
    private final long[] starts;

    private Automaton(int rules) {
        this.starts = new long[rules];
    }

    /**
     * @param roots the rules that texts may begin with
     * @param bytes the only ones that texts may hold
     */
    static Automaton of(Rules rules, Set<Integer> roots, CodeSet bytes, Limits.Budget budget) {
        NavigableMap<Integer, Nfa> automata = nondeterministic(rules, roots, bytes, budget);
        BitSet possible = possible(automata);
        Automaton all = new Automaton(rules.size());
        Arrays.fill(all.starts, NONE);
        for (Map.Entry<Integer, Nfa> entry : automata.entrySet()) {
            if (possible.get(entry.getKey())) {
                Nfa nfa = entry.getValue();
                Rules.Rule rule = rules.get(entry.getKey());
                all.starts[entry.getKey()] = Head.of(all.from.size(), rule.min(), rule.max());
                all.add(Dfa.of(nfa, nfa.live(label -> usable(label, possible)), budget));
            }
        }
        return all;
    }

    /** Of the roots and every rule called from there. */
    private static NavigableMap<Integer, Nfa> nondeterministic(
            Rules rules, Set<Integer> roots, CodeSet bytes, Limits.Budget budget) {
        BitSet inlined = rules.inlined(roots);
        NavigableMap<Integer, Nfa> automata = new TreeMap<>();
        Deque<Integer> open = new ArrayDeque<>(roots);
        while (!open.isEmpty()) {
            int rule = open.remove();
            if (automata.containsKey(rule)) {
                continue;
            }
            Nfa nfa = NfaBuilder.bytes(rule, rules, inlined, bytes, budget);
            automata.put(rule, nfa);
            for (CodeSet label : nfa.labels()) {
                if (label.first(0) >= Symbols.CALL) {
                    open.add(label.first(0) - Symbols.CALL);
                }
            }
        }
        return automata;
    }

    /** The rules that some text satisfies. */
    private static BitSet possible(NavigableMap<Integer, Nfa> automata) {
        BitSet possible = new BitSet();
        boolean more = true;
        while (more) {
            more = false;
            // Rules are mostly called by earlier ones.
            for (Map.Entry<Integer, Nfa> entry : automata.descendingMap().entrySet()) {
                if (!possible.get(entry.getKey())
                        && entry.getValue()
                                .live(label -> usable(label, possible))
                                .get(Nfa.START)) {
                    possible.set(entry.getKey());
                    more = true;
                }
            }
        }
        return possible;
    }

    private static boolean usable(CodeSet label, BitSet possible) {
        return label.first(0) < Symbols.CALL || possible.get(label.first(0) - Symbols.CALL);
    }

    private void add(Dfa dfa) {
        int base = from.size();
        int[] next = new int[Symbols.BYTES];
        for (int s = 0; s < dfa.states(); s++) {
            Arrays.fill(next, NONE);
            List<Integer> called = new ArrayList<>();
            int[] counting = {NONE, NONE};
            dfa.forEachMove(s, (symbols, target) -> {
                for (int range = 0; range < symbols.ranges(); range++) {
                    for (int symbol = symbols.first(range); symbol <= symbols.last(range); symbol++) {
                        if (symbol < Symbols.BYTES) {
                            next[symbol] = base + target;
                        } else if (symbol < Symbols.CALL) {
                            counting[symbol - Symbols.COUNT] = base + target;
                        } else {
                            called.add(symbol - Symbols.CALL);
                            called.add(base + target);
                        }
                    }
                }
            });
            int[] turns = IntStream.range(0, Symbols.BYTES)
                    .filter(b -> b == 0 || next[b] != next[b - 1])
                    .toArray();
            from.add(turns);
            to.add(Arrays.stream(turns).map(b -> next[b]).toArray());
            calls.add(
                    called.isEmpty()
                            ? NO_CALLS
                            : called.stream().mapToInt(i -> i).toArray());
            count.add(counting[0]);
            counted.add(counting[1]);
            ends.set(base + s, dfa.ends(s));
            boolean moves = counting[0] != NONE || counting[1] != NONE || !called.isEmpty() || turns.length > 1;
            returns.set(base + s, dfa.ends(s) && !moves && next[0] == NONE);
        }
    }

    /** Whether some text satisfies a rule. */
    boolean possible(int rule) {
        return starts[rule] != NONE;
    }

    /** Where a possible rule begins, nothing counted yet. */
    long start(int rule) {
        return starts[rule];
    }

    /** The state after a byte, or -1. */
    int next(int state, int value) {
        int[] bounds = from.get(state);
        int low = 0;
        int high = bounds.length - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (bounds[middle] <= value) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return to.get(state)[low];
    }

    /** The state after counting one item, or -1. */
    int count(int state) {
        return count.get(state);
    }

    /** The state after having counted, or -1. */
    int counted(int state) {
        return counted.get(state);
    }

    int[] calls(int state) {
        return calls.get(state);
    }

    boolean ends(int state) {
        return ends.get(state);
    }

    /** Whether nothing is left to do in this state but to return to the caller. */
    boolean returns(int state) {
        return returns.get(state);
    }

    /** Passes the ranges of bytes, both ends included, that a state reads. */
    void forEachRead(int state, Ranges ranges) {
        int[] bounds = from.get(state);
        for (int i = 0; i < bounds.length; i++) {
            if (to.get(state)[i] != NONE) {
                ranges.range(bounds[i], i + 1 < bounds.length ? bounds[i + 1] - 1 : Symbols.BYTES - 1);
            }
        }
    }

    interface Ranges {
        void range(int first, int last);
    }
}
