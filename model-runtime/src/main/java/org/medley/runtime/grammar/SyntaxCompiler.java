package org.medley.runtime.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.medley.runtime.grammar.Expr.Chars;
import org.medley.runtime.grammar.Expr.Edge;

/** What is asked as expressions. */
final class SyntaxCompiler {
    private final Rules rules;
    private final Json json;
    private final Limits.Budget budget;
    private int depth;

    SyntaxCompiler(Rules rules, Limits.Budget budget) {
        this.rules = rules;
        this.json = new Json(rules);
        this.budget = budget;
    }

    Expr compile(Syntax syntax) {
        if (++depth > budget.limits().depth()) {
            throw new GrammarException(
                    "what is asked is nested more than " + budget.limits().depth() + " deep");
        }
        Expr expr = switch (syntax) {
            case Syntax.Literal literal -> Expr.text(within(literal.text()));
            case Syntax.Regular regular ->
                Regex.whole(regular.pattern(), budget).spelled(Chars::new);
            case Syntax.JsonObject _ -> json.object();
            case Syntax.JsonSchema schema -> new SchemaCompiler(schema.schema(), rules, json, budget).compile();
            case Syntax.Sequence sequence ->
                new Expr.Seq(sequence.parts().stream().map(this::compile).toList());
            case Syntax.Alternatives alternatives ->
                new Expr.Alt(alternatives.options().stream().map(this::compile).toList());
            case Syntax.Free free -> free(free);
        };
        depth--;
        return expr;
    }

    private String within(String text) {
        if (text.length() > budget.limits().characters()) {
            throw new GrammarException(
                    "a text is longer than " + budget.limits().characters() + " characters");
        }
        if (text.codePoints().anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
            throw new GrammarException("a text has half of a surrogate pair in it, which is no character");
        }
        return text;
    }

    /**
     * Free text as the automaton of Aho and Corasick (Efficient string matching, CACM 18(6), 1975): a node for each
     * beginning of a trigger that the text so far ends with.
     */
    private Expr free(Syntax.Free free) {
        Map<String, Integer> nodes = new TreeMap<>();
        nodes.put("", 0);
        CodeSet telling = CodeSet.NONE;
        for (Syntax.Trigger trigger : free.triggers()) {
            String text = within(trigger.text());
            for (int i = 0; i < text.length(); i = text.offsetByCodePoints(i, 1)) {
                nodes.computeIfAbsent(text.substring(0, i), _ -> nodes.size());
            }
            telling = telling.union(CodeSet.of(text));
        }
        int after = nodes.size();
        List<Edge> edges = new ArrayList<>();
        for (Syntax.Trigger trigger : free.triggers()) {
            // A rule, since many beginnings may lead there.
            edges.add(new Edge(after + edges.size() + 1, rules.add(compile(trigger.then())), after));
        }
        for (Map.Entry<String, Integer> node : nodes.entrySet()) {
            budget.state();
            edges.add(new Edge(node.getValue(), new Chars(telling.complement()), 0));
            for (int range = 0; range < telling.ranges(); range++) {
                for (int c = telling.first(range); c <= telling.last(range); c++) {
                    String text = node.getKey() + Character.toString(c);
                    edges.add(new Edge(node.getValue(), new Chars(CodeSet.of(c)), target(text, free, nodes, after)));
                }
            }
        }
        Set<Integer> ends = switch (free.times()) {
            case ANY -> {
                edges.add(new Edge(after, Expr.EMPTY, 0));
                yield Set.copyOf(nodes.values());
            }
            case AT_MOST_ONCE -> {
                List<Integer> all = new ArrayList<>(nodes.values());
                all.add(after);
                yield Set.copyOf(all);
            }
            case ONCE -> Set.of(after);
        };
        return new Expr.Graph(after + 1 + free.triggers().size(), edges, ends);
    }

    private static int target(String text, Syntax.Free free, Map<String, Integer> nodes, int after) {
        for (int i = 0; i < free.triggers().size(); i++) {
            if (text.endsWith(free.triggers().get(i).text())) {
                return after + 1 + i;
            }
        }
        int from = 0;
        while (!nodes.containsKey(text.substring(from))) {
            from = text.offsetByCodePoints(from, 1);
        }
        return nodes.get(text.substring(from));
    }
}
