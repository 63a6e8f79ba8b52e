package org.medley.runtime.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** What texts a place may hold, over code points. Sub-expressions may be shared; the whole has no cycles but by calls. */
sealed interface Expr {
    /** The empty text. */
    Expr EMPTY = new Seq(List.of());

    /** No text at all: what leads here cannot be written. */
    Expr NOTHING = new Alt(List.of());

    /** One code point of the set. */
    record Chars(CodeSet set) implements Expr {}

    /** Exactly this text. */
    record Text(String text) implements Expr {}

    record Seq(List<Expr> parts) implements Expr {}

    record Alt(List<Expr> options) implements Expr {}

    /** Any number of times, none included. */
    record Star(Expr of) implements Expr {}

    /** Paths from node 0 to one of {@code ends}, reading an expression on each edge. */
    record Graph(int nodes, List<Edge> edges, Set<Integer> ends) implements Expr {}

    record Edge(int from, Expr reading, int to) {}

    /** What another rule holds. */
    record Call(int rule) implements Expr {}

    /**
     * {@code item (separator item)*}, as many items as the rule that holds this expression counts; a rule holds at most
     * one of these. The item is not empty.
     *
     * @param maybeNone whether the rule's minimum is 0
     */
    record Counted(Expr item, Expr separator, boolean maybeNone) implements Expr {}

    static Expr text(String text) {
        return new Text(text);
    }

    static Expr seq(Expr... parts) {
        return new Seq(List.of(parts));
    }

    static Expr alt(Expr... options) {
        return new Alt(List.of(options));
    }

    static Expr chars(String set) {
        return new Chars(CodeSet.of(set));
    }

    static Expr chars(int first, int last) {
        return new Chars(CodeSet.range(first, last));
    }

    static Expr optional(Expr expr) {
        return alt(EMPTY, expr);
    }

    /** @param max -1 for no maximum */
    static Expr times(Expr expr, int min, int max) {
        if (max < 0) {
            Expr[] parts = new Expr[min + 1];
            Arrays.fill(parts, expr);
            parts[min] = new Star(expr);
            return seq(parts);
        }
        // A chain whose later nodes may each be the last: no choice between copies, so few states when determinised.
        List<Edge> edges = new ArrayList<>();
        for (int i = 0; i < max; i++) {
            edges.add(new Edge(i, expr, i + 1));
            if (i >= min) {
                edges.add(new Edge(i, EMPTY, max));
            }
        }
        return new Graph(max + 1, edges, Set.of(max));
    }
}
