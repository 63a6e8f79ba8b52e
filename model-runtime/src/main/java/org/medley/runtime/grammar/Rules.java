package org.medley.runtime.grammar;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.medley.runtime.grammar.Expr.Alt;
import org.medley.runtime.grammar.Expr.Call;
import org.medley.runtime.grammar.Expr.Edge;
import org.medley.runtime.grammar.Expr.Graph;
import org.medley.runtime.grammar.Expr.Seq;
import org.medley.runtime.grammar.Expr.Star;

/** The rules of one grammar while it is put together. */
final class Rules {
    /** What a counted rule may count to at most; also means "no maximum" when no maximum was given. */
    static final int MANY = (1 << 20) - 1;

    /**
     * @param min items, if the body holds a {@link Expr.Counted}
     * @param max {@link #MANY} for no maximum
     */
    record Rule(Expr body, int min, int max) {}

    private final List<Rule> rules = new ArrayList<>();
    private final Map<Object, Call> named = new HashMap<>();
    private final Limits.Budget budget;

    Rules(Limits.Budget budget) {
        this.budget = budget;
    }

    /** A rule whose body is yet to be said, so that it can call itself. */
    int open() {
        budget.state();
        rules.add(null);
        return rules.size() - 1;
    }

    Call close(int rule, Expr body) {
        rules.set(rule, new Rule(body, 0, MANY));
        return new Call(rule);
    }

    Call add(Expr body) {
        return close(open(), body);
    }

    /** @param body holds one {@link Expr.Counted} */
    Call counted(Expr body, int min, int max) {
        int rule = open();
        rules.set(rule, new Rule(body, min, max));
        return new Call(rule);
    }

    /** A rule that is nothing but one code point of the set, the same for equal sets. */
    int of(CodeSet set) {
        return named(set, () -> new Expr.Chars(set)).rule();
    }

    /** The rule added under this name before, or this one. */
    Call named(Object name, Supplier<Expr> body) {
        Call known = named.get(name);
        if (known == null) {
            known = add(body.get());
            named.put(name, known);
        }
        return known;
    }

    int size() {
        return rules.size();
    }

    Rule get(int rule) {
        return rules.get(rule);
    }

    /** The rules that are called from one place only and can be written there instead; roots and counters stay. */
    BitSet inlined(Set<Integer> roots) {
        int[] calls = new int[rules.size()];
        rules.forEach(rule -> count(rule.body(), calls));
        BitSet inlined = new BitSet();
        for (int i = 0; i < calls.length; i++) {
            inlined.set(i, !roots.contains(i) && calls[i] == 1 && !counts(i));
        }
        return inlined;
    }

    private boolean counts(int rule) {
        return rules.get(rule).min() != 0 || rules.get(rule).max() != MANY;
    }

    private static void count(Expr expr, int[] calls) {
        switch (expr) {
            case Call call -> calls[call.rule()]++;
            case Seq seq -> seq.parts().forEach(part -> count(part, calls));
            case Alt alt -> alt.options().forEach(option -> count(option, calls));
            case Star star -> count(star.of(), calls);
            case Graph graph -> {
                for (Edge edge : graph.edges()) {
                    count(edge.reading(), calls);
                }
            }
            case Expr.Counted counted -> {
                count(counted.item(), calls);
                count(counted.separator(), calls);
            }
            case Expr.Chars _, Expr.Text _ -> {}
        }
    }
}
