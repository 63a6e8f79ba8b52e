package org.medley.runtime.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

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
        Map<Integer, Nfa> automata = nondeterministic(rules, roots, bytes, budget);
        BitSet possible = possible(automata);
        Automaton all = new Automaton(rules.size());
        Arrays.fill(all.starts, NONE);
        for (Map.Entry<Integer, Nfa> entry : automata.entrySet()) {
            if (possible.get(entry.getKey())) {
                Nfa nfa = entry.getValue();
                Rules.Rule rule = rules.get(entry.getKey());
                all.starts[entry.getKey()] = Head.of(all.from.size(), rule.min(), rule.max());
                all.add(Dfa.of(nfa, nfa.live(symbol -> usable(symbol, possible)), budget));
            }
        }
        return all;
    }

    /** Of the roots and every rule called from there. */
    private static Map<Integer, Nfa> nondeterministic(
            Rules rules, Set<Integer> roots, CodeSet bytes, Limits.Budget budget) {
        BitSet inlined = rules.inlined(roots);
        Map<Integer, Nfa> automata = new TreeMap<>();
        Deque<Integer> open = new ArrayDeque<>(roots);
        while (!open.isEmpty()) {
            int rule = open.remove();
            if (automata.containsKey(rule)) {
                continue;
            }
            Nfa nfa = NfaBuilder.bytes(rule, rules, inlined, bytes, budget);
            automata.put(rule, nfa);
            for (int state = 0; state < nfa.states(); state++) {
                nfa.forEachRead(state, (first, _, _) -> {
                    if (first >= Symbols.CALL) {
                        open.add(first - Symbols.CALL);
                    }
                });
            }
        }
        return automata;
    }

    /** The rules that some text satisfies. */
    private static BitSet possible(Map<Integer, Nfa> automata) {
        BitSet possible = new BitSet();
        boolean more = true;
        while (more) {
            more = false;
            for (Map.Entry<Integer, Nfa> entry : automata.entrySet()) {
                if (!possible.get(entry.getKey())
                        && entry.getValue()
                                .live(symbol -> usable(symbol, possible))
                                .get(Nfa.START)) {
                    possible.set(entry.getKey());
                    more = true;
                }
            }
        }
        return possible;
    }

    private static boolean usable(int symbol, BitSet possible) {
        return symbol < Symbols.CALL || possible.get(symbol - Symbols.CALL);
    }

    private void add(Dfa dfa) {
        int base = from.size();
        for (int s = 0; s < dfa.states(); s++) {
            List<Integer> bounds = new ArrayList<>(List.of(0));
            List<Integer> targets = new ArrayList<>(List.of(NONE));
            List<Integer> called = new ArrayList<>();
            int[] zeroWidth = {NONE, NONE};
            dfa.forEachMove(s, (first, last, target) -> {
                if (first < Symbols.BYTES) {
                    if (bounds.getLast() == first) {
                        targets.set(targets.size() - 1, base + target);
                    } else {
                        bounds.add(first);
                        targets.add(base + target);
                    }
                    bounds.add(last + 1);
                    targets.add(NONE);
                }
                for (int symbol = Math.max(first, Symbols.COUNT); symbol <= last; symbol++) {
                    if (symbol >= Symbols.CALL) {
                        called.add(symbol - Symbols.CALL);
                        called.add(base + target);
                    } else {
                        zeroWidth[symbol - Symbols.COUNT] = base + target;
                    }
                }
            });
            from.add(bounds.stream().mapToInt(i -> i).toArray());
            to.add(targets.stream().mapToInt(i -> i).toArray());
            calls.add(
                    called.isEmpty()
                            ? NO_CALLS
                            : called.stream().mapToInt(i -> i).toArray());
            count.add(zeroWidth[0]);
            counted.add(zeroWidth[1]);
            ends.set(base + s, dfa.ends(s));
            boolean[] moves = new boolean[1];
            dfa.forEachMove(s, (_, _, _) -> moves[0] = true);
            returns.set(base + s, dfa.ends(s) && !moves[0]);
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
                ranges.range(bounds[i], bounds[i + 1] - 1);
            }
        }
    }

    interface Ranges {
        void range(int first, int last);
    }
}
