package org.medley.runtime.grammar;

import java.util.Arrays;
import java.util.BitSet;

/** A nondeterministic automaton under construction: edges read a range of symbols, or nothing. */
final class Nfa {
    static final int START = 0;
    private static final int NOTHING = -1;

    private final Limits.Budget budget;
    private int states;
    private int edges;
    private int[] firstEdge = new int[64];
    private int[] nextEdge = new int[64];
    private int[] low = new int[64];
    private int[] high = new int[64];
    private int[] to = new int[64];
    private int end;

    Nfa(Limits.Budget budget) {
        this.budget = budget;
        state();
    }

    int state() {
        budget.state();
        if (states == firstEdge.length) {
            firstEdge = Arrays.copyOf(firstEdge, 2 * states);
        }
        firstEdge[states] = -1;
        return states++;
    }

    int states() {
        return states;
    }

    /** The one state where a text may end. */
    void end(int state) {
        end = state;
    }

    int end() {
        return end;
    }

    /** Both symbols belong to the range. */
    void read(int from, int first, int last, int target) {
        edge(from, first, last, target);
    }

    void skip(int from, int target) {
        edge(from, NOTHING, NOTHING, target);
    }

    private void edge(int from, int first, int last, int target) {
        if (edges == to.length) {
            nextEdge = Arrays.copyOf(nextEdge, 2 * edges);
            low = Arrays.copyOf(low, 2 * edges);
            high = Arrays.copyOf(high, 2 * edges);
            to = Arrays.copyOf(to, 2 * edges);
        }
        nextEdge[edges] = firstEdge[from];
        low[edges] = first;
        high[edges] = last;
        to[edges] = target;
        firstEdge[from] = edges++;
    }

    interface Reader {
        void edge(int first, int last, int target);
    }

    /** Passes the edges out of {@code state} that read something. */
    void forEachRead(int state, Reader reader) {
        for (int e = firstEdge[state]; e >= 0; e = nextEdge[e]) {
            if (low[e] != NOTHING) {
                reader.edge(low[e], high[e], to[e]);
            }
        }
    }

    /** Adds to {@code states} what they reach while reading nothing. */
    void close(BitSet states) {
        int[] stack = states.stream().toArray();
        int size = stack.length;
        while (size > 0) {
            int state = stack[--size];
            for (int e = firstEdge[state]; e >= 0; e = nextEdge[e]) {
                if (low[e] == NOTHING && !states.get(to[e])) {
                    states.set(to[e]);
                    if (size == stack.length) {
                        stack = Arrays.copyOf(stack, 2 * size + 8);
                    }
                    stack[size++] = to[e];
                }
            }
        }
    }

    /**
     * The states from which the end can be reached.
     *
     * @param usable a symbol without which an edge cannot be passed, given the edge's first
     */
    BitSet live(java.util.function.IntPredicate usable) {
        int[] firstInto = new int[states];
        int[] nextInto = new int[edges];
        int[] source = new int[edges];
        Arrays.fill(firstInto, -1);
        for (int s = 0; s < states; s++) {
            for (int e = firstEdge[s]; e >= 0; e = nextEdge[e]) {
                source[e] = s;
                nextInto[e] = firstInto[to[e]];
                firstInto[to[e]] = e;
            }
        }
        BitSet live = new BitSet(states);
        int[] stack = new int[states];
        int size = 0;
        live.set(end);
        stack[size++] = end;
        while (size > 0) {
            for (int e = firstInto[stack[--size]]; e >= 0; e = nextInto[e]) {
                if (!live.get(source[e]) && (low[e] == NOTHING || usable.test(low[e]))) {
                    live.set(source[e]);
                    stack[size++] = source[e];
                }
            }
        }
        return live;
    }
}
