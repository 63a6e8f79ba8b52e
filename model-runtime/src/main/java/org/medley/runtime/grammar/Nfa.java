package org.medley.runtime.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** A nondeterministic automaton under construction: edges read a symbol of a set, or nothing. */
final class Nfa {
    static final int START = 0;
    /** The label of an edge that reads nothing. */
    static final int NOTHING = -1;

    private final Limits.Budget budget;
    private final List<CodeSet> labels = new ArrayList<>();
    private final Map<CodeSet, Integer> labelNumbers = new HashMap<>();
    private int states;
    private int edges;
    private int[] firstEdge = new int[64];
    private int[] nextEdge = new int[64];
    private int[] label = new int[64];
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

    void read(int from, CodeSet symbols, int target) {
        if (!symbols.isEmpty()) {
            Integer known = labelNumbers.putIfAbsent(symbols, labels.size());
            if (known == null) {
                labels.add(symbols);
            }
            edge(from, known == null ? labels.size() - 1 : known, target);
        }
    }

    void skip(int from, int target) {
        edge(from, NOTHING, target);
    }

    private void edge(int from, int read, int target) {
        if (edges == to.length) {
            nextEdge = Arrays.copyOf(nextEdge, 2 * edges);
            label = Arrays.copyOf(label, 2 * edges);
            to = Arrays.copyOf(to, 2 * edges);
        }
        nextEdge[edges] = firstEdge[from];
        label[edges] = read;
        to[edges] = target;
        firstEdge[from] = edges++;
    }

    /** What is read on some edge, each set once; an edge's label is an index in this list. */
    List<CodeSet> labels() {
        return Collections.unmodifiableList(labels);
    }

    interface Edges {
        void edge(int label, int target);
    }

    /** Passes the edges out of a state. */
    void forEachEdge(int state, Edges receiver) {
        for (int e = firstEdge[state]; e >= 0; e = nextEdge[e]) {
            receiver.edge(label[e], to[e]);
        }
    }

    /** The states from which the end can be reached over edges that read one of the {@code usable} sets, or nothing. */
    BitSet live(Predicate<CodeSet> usable) {
        boolean[] passable = new boolean[labels.size()];
        for (int i = 0; i < passable.length; i++) {
            passable[i] = usable.test(labels.get(i));
        }
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
                if (!live.get(source[e]) && (label[e] == NOTHING || passable[label[e]])) {
                    live.set(source[e]);
                    stack[size++] = source[e];
                }
            }
        }
        return live;
    }
}
