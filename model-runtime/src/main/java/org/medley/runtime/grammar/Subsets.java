package org.medley.runtime.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** The sets of states that a nondeterministic automaton may be in, as the states of a deterministic one. */
final class Subsets {
    private final Nfa nfa;
    private final BitSet live;
    private final Alphabet alphabet;
    /** For each label the kinds of symbols it holds. */
    private final int[][] kinds;

    /** When a state was last reached, so that nothing has to be cleared. */
    private final int[] reached;

    private int time;
    private int[] stack = new int[64];
    private final int[][] targets;
    private final int[] sizes;

    /** States in which something can be read or the text may end; ascending, none twice. */
    static final class Subset {
        private final int[] states;
        private final int hash;

        private Subset(int[] states) {
            this.states = states;
            this.hash = Arrays.hashCode(states);
        }

        boolean contains(int state) {
            return Arrays.binarySearch(states, state) >= 0;
        }

        @Override
        public boolean equals(Object object) {
            return object instanceof Subset other && hash == other.hash && Arrays.equals(states, other.states);
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }

    /** @param live the only states to go through */
    Subsets(Nfa nfa, BitSet live) {
        this.nfa = nfa;
        this.live = live;
        this.alphabet = Alphabet.of(nfa.labels());
        this.kinds = nfa.labels().stream().map(alphabet::kindsOf).toArray(int[][]::new);
        this.reached = new int[nfa.states()];
        this.targets = new int[alphabet.kinds()][4];
        this.sizes = new int[alphabet.kinds()];
    }

    Alphabet alphabet() {
        return alphabet;
    }

    Subset start() {
        return closed(new int[] {Nfa.START}, 1);
    }

    /** For each kind of symbol what follows it; null for nothing. */
    List<Subset> after(Subset subset) {
        Arrays.fill(sizes, 0);
        for (int state : subset.states) {
            nfa.forEachEdge(state, (label, target) -> {
                if (label != Nfa.NOTHING && live.get(target)) {
                    for (int kind : kinds[label]) {
                        if (sizes[kind] == targets[kind].length) {
                            targets[kind] = Arrays.copyOf(targets[kind], 2 * sizes[kind]);
                        }
                        targets[kind][sizes[kind]++] = target;
                    }
                }
            });
        }
        List<Subset> after = new ArrayList<>(sizes.length);
        for (int kind = 0; kind < sizes.length; kind++) {
            after.add(sizes[kind] == 0 ? null : closed(targets[kind], sizes[kind]));
        }
        return after;
    }

    /** These states, and what they reach without reading. */
    private Subset closed(int[] states, int size) {
        time++;
        int open = 0;
        int[] kept = new int[size];
        int count = 0;
        for (int i = 0; i < size; i++) {
            open = push(states[i], open);
        }
        while (open > 0) {
            int state = stack[--open];
            boolean[] reads = new boolean[1];
            int[] top = {open};
            nfa.forEachEdge(state, (label, target) -> {
                if (label != Nfa.NOTHING) {
                    reads[0] = true;
                } else {
                    top[0] = push(target, top[0]);
                }
            });
            open = top[0];
            if (reads[0] || state == nfa.end()) {
                if (count == kept.length) {
                    kept = Arrays.copyOf(kept, 2 * count + 4);
                }
                kept[count++] = state;
            }
        }
        Arrays.sort(kept, 0, count);
        return new Subset(Arrays.copyOf(kept, count));
    }

    private int push(int state, int open) {
        if (reached[state] == time || !live.get(state)) {
            return open;
        }
        reached[state] = time;
        if (open == stack.length) {
            stack = Arrays.copyOf(stack, 2 * open);
        }
        stack[open] = state;
        return open + 1;
    }
}
