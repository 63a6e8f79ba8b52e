package org.medley.runtime.grammar;

import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** The keywords for strings, of all schemas that hold together. */
final class StringSchema {
    private final Limits.Budget budget;
    private final int min;
    private final int max;
    /** Contents that match every pattern and format; null if there is none. */
    private final Dfa contents;

    StringSchema(List<SchemaNode> schemas, Limits.Budget budget) {
        this.budget = budget;
        int least = 0;
        int most = Rules.MANY;
        Dfa all = null;
        for (SchemaNode schema : schemas) {
            least = Math.max(least, schema.count("minLength", 0));
            most = Math.min(most, schema.count("maxLength", Rules.MANY));
            if (schema.has("pattern")) {
                all = both(all, pattern(schema.text("pattern"), schema.place("pattern"), budget));
            }
            if (schema.has("format")) {
                all = both(all, Formats.named(schema.text("format"), schema.place("format"), budget));
            }
        }
        this.min = least;
        this.max = most;
        this.contents = all;
    }

    /** @param place of the pattern, for the refusal */
    static Dfa pattern(String pattern, String place, Limits.Budget budget) {
        try {
            return Regex.within(pattern, budget);
        } catch (GrammarException e) {
            throw new GrammarException(place, e.getMessage());
        }
    }

    private Dfa both(Dfa a, Dfa b) {
        return a == null ? b : a.intersect(b, budget);
    }

    Expr expr(Json json) {
        if (min > max) {
            return Expr.NOTHING;
        }
        return contents == null ? json.string(min, max) : json.string(withLength());
    }

    private Dfa withLength() {
        if (min == 0 && max == Rules.MANY) {
            return contents;
        }
        Expr any = new Expr.Chars(CodeSet.ANY);
        Expr length = max == Rules.MANY
                ? Expr.times(any, min, -1)
                : new Expr.Graph(
                        max + 1,
                        chain(any),
                        Set.copyOf(IntStream.rangeClosed(min, max).boxed().toList()));
        return contents.intersect(Dfa.of(length, budget), budget);
    }

    private List<Expr.Edge> chain(Expr any) {
        return IntStream.range(0, max)
                .mapToObj(i -> new Expr.Edge(i, any, i + 1))
                .toList();
    }

    boolean holdsFor(String text) {
        int length = text.codePointCount(0, text.length());
        return length >= min && length <= max && (contents == null || contents.accepts(text));
    }
}
