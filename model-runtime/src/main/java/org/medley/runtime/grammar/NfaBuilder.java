package org.medley.runtime.grammar;

import java.util.BitSet;
import java.util.List;
import org.medley.runtime.grammar.Expr.Alt;
import org.medley.runtime.grammar.Expr.Call;
import org.medley.runtime.grammar.Expr.Chars;
import org.medley.runtime.grammar.Expr.Counted;
import org.medley.runtime.grammar.Expr.Edge;
import org.medley.runtime.grammar.Expr.Graph;
import org.medley.runtime.grammar.Expr.Seq;
import org.medley.runtime.grammar.Expr.Star;
import org.medley.runtime.grammar.Expr.Text;

/**
 * Expressions as automata, after Thompson (Regular Expression Search Algorithm, CACM 11(6), 1968): every expression
 * becomes paths from one given state to another.
 */
final class NfaBuilder {
    /** How deep rules are written within rules. */
    private static final int MOST_INLINED = 16;
    /** Sets of more ranges take so many states over bytes that they are rules of their own. */
    private static final int MOST_RANGES = 16;

    private final Nfa nfa;
    private final Symbolizer symbols;
    private int inlining;

    /** How a code point is read, and what a call becomes. */
    private interface Symbolizer {
        void chars(CodeSet set, int from, int to);

        void call(int rule, int from, int to);
    }

    private NfaBuilder(Limits.Budget budget, java.util.function.Function<NfaBuilder, Symbolizer> symbols) {
        nfa = new Nfa(budget);
        this.symbols = symbols.apply(this);
    }

    /** An automaton over code points and the text's edges; the expression calls no rule and counts nothing. */
    static Nfa codePoints(Expr expr, Limits.Budget budget) {
        return new NfaBuilder(budget, CodePoints::new).build(expr);
    }

    /**
     * An automaton over bytes.
     *
     * @param bytes the only ones it may read
     * @param inlined the rules whose body stands in place of a call
     */
    static Nfa bytes(int rule, Rules rules, BitSet inlined, CodeSet bytes, Limits.Budget budget) {
        Expr body = rules.get(rule).body();
        return new NfaBuilder(budget, builder -> new Bytes(builder, rules, inlined, bytes, body instanceof Expr.Chars))
                .build(body);
    }

    private Nfa build(Expr expr) {
        int end = nfa.state();
        add(expr, Nfa.START, end);
        nfa.end(end);
        return nfa;
    }

    private void add(Expr expr, int from, int to) {
        switch (expr) {
            case Chars chars -> symbols.chars(chars.set(), from, to);
            case Text text -> {
                int[] codePoints = text.text().codePoints().toArray();
                int at = from;
                for (int i = 0; i < codePoints.length; i++) {
                    int next = i == codePoints.length - 1 ? to : nfa.state();
                    symbols.chars(CodeSet.of(codePoints[i]), at, next);
                    at = next;
                }
                if (codePoints.length == 0) {
                    nfa.skip(from, to);
                }
            }
            case Seq seq -> {
                List<Expr> parts = seq.parts();
                int at = from;
                for (int i = 0; i < parts.size(); i++) {
                    int next = i == parts.size() - 1 ? to : nfa.state();
                    add(parts.get(i), at, next);
                    at = next;
                }
                if (parts.isEmpty()) {
                    nfa.skip(from, to);
                }
            }
            case Alt alt -> alt.options().forEach(option -> add(option, from, to));
            case Star star -> {
                int loop = nfa.state();
                nfa.skip(from, loop);
                add(star.of(), loop, loop);
                nfa.skip(loop, to);
            }
            case Graph graph -> {
                int[] nodes = new int[graph.nodes()];
                for (int i = 0; i < nodes.length; i++) {
                    nodes[i] = nfa.state();
                }
                nfa.skip(from, nodes[0]);
                for (Edge edge : graph.edges()) {
                    add(edge.reading(), nodes[edge.from()], nodes[edge.to()]);
                }
                graph.ends().forEach(node -> nfa.skip(nodes[node], to));
            }
            case Call call -> symbols.call(call.rule(), from, to);
            case Counted counted -> {
                int item = nfa.state();
                int after = nfa.state();
                int more = nfa.state();
                nfa.read(from, CodeSet.of(Symbols.COUNT), item);
                add(counted.item(), item, after);
                nfa.read(after, CodeSet.of(Symbols.COUNT), more);
                add(counted.separator(), more, item);
                nfa.read(after, CodeSet.of(Symbols.COUNTED), to);
                if (counted.maybeNone()) {
                    nfa.read(from, CodeSet.of(Symbols.COUNTED), to);
                }
            }
        }
    }

    private record CodePoints(NfaBuilder builder) implements Symbolizer {
        @Override
        public void chars(CodeSet set, int from, int to) {
            builder.nfa.read(from, set, to);
        }

        @Override
        public void call(int rule, int from, int to) {
            throw new IllegalStateException("a pattern calls no rule");
        }
    }

    /** @param ofItsOwn whether the rule is nothing but a set */
    private record Bytes(NfaBuilder builder, Rules rules, BitSet inlined, CodeSet bytes, boolean ofItsOwn)
            implements Symbolizer {
        @Override
        public void chars(CodeSet set, int from, int to) {
            if (set.ranges() > MOST_RANGES && !ofItsOwn) {
                call(rules.of(set), from, to);
            } else {
                new Utf8(builder.nfa, bytes, to).read(from, set);
            }
        }

        @Override
        public void call(int rule, int from, int to) {
            if (inlined.get(rule) && builder.inlining < MOST_INLINED) {
                builder.inlining++;
                builder.add(rules.get(rule).body(), from, to);
                builder.inlining--;
            } else {
                builder.nfa.read(from, CodeSet.of(Symbols.CALL + rule), to);
            }
        }
    }
}
