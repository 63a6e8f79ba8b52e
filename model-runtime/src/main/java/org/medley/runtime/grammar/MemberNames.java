package org.medley.runtime.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Which schemas hold for a member of an object, by its name. */
final class MemberNames {
    private static final Expr ANY_NAME = new Expr.Star(new Expr.Chars(CodeSet.ANY));

    private final List<SchemaNode> schemas;
    private final Limits.Budget budget;
    private final List<Pattern> patterns = new ArrayList<>();

    private record Pattern(SchemaNode schema, Dfa names) {}

    /** Names for which the same schemas hold. */
    record Kind(Dfa names, List<SchemaNode> schemas) {}

    MemberNames(List<SchemaNode> schemas, Limits.Budget budget) {
        this.schemas = schemas;
        this.budget = budget;
        for (SchemaNode schema : schemas) {
            for (String pattern : schema.names("patternProperties")) {
                SchemaNode child = schema.child("patternProperties", pattern);
                patterns.add(new Pattern(child, StringSchema.pattern(pattern, child.place(), budget)));
            }
        }
    }

    /** For a name that may be listed. */
    List<SchemaNode> schemasOf(String name) {
        return holding(
                name,
                patterns.stream().filter(pattern -> pattern.names.accepts(name)).toList());
    }

    /** @param name null for one that is nowhere listed */
    private List<SchemaNode> holding(String name, List<Pattern> matching) {
        Set<String> places =
                matching.stream().map(pattern -> pattern.schema.place()).collect(Collectors.toSet());
        List<SchemaNode> holding = new ArrayList<>();
        for (SchemaNode schema : schemas) {
            int before = holding.size();
            if (name != null
                    && schema.has("properties")
                    && schema.get("properties").has(name)) {
                holding.add(schema.child("properties", name));
            }
            for (String pattern : schema.names("patternProperties")) {
                SchemaNode child = schema.child("patternProperties", pattern);
                if (places.contains(child.place())) {
                    holding.add(child);
                }
            }
            if (holding.size() == before && schema.has("additionalProperties")) {
                holding.add(schema.child("additionalProperties"));
            }
        }
        return holding;
    }

    /** The kinds of names beside the listed ones that members may have. */
    List<Kind> others(List<String> listed) {
        boolean free = schemas.stream().anyMatch(schema -> schema.has("additionalProperties"))
                || schemas.stream().noneMatch(schema -> schema.has("properties") || schema.has("patternProperties"));
        if (!free && patterns.isEmpty()) {
            return List.of();
        }
        List<Expr> taken = listed.stream().map(Expr::text).toList();
        Dfa names = Dfa.of(ANY_NAME, budget);
        if (!taken.isEmpty()) {
            names = names.minus(Dfa.of(new Expr.Alt(taken), budget), budget);
        }
        List<Kind> kinds = new ArrayList<>();
        split(names, 0, List.of(), free, kinds);
        return kinds;
    }

    /** Tells the names that match a pattern from those that do not, one pattern after the other. */
    private void split(Dfa names, int from, List<Pattern> matching, boolean free, List<Kind> kinds) {
        if (names.isEmpty()) {
            return;
        }
        if (from < patterns.size()) {
            Pattern pattern = patterns.get(from);
            List<Pattern> more = new ArrayList<>(matching);
            more.add(pattern);
            split(names.intersect(pattern.names, budget), from + 1, more, free, kinds);
            split(names.minus(pattern.names, budget), from + 1, matching, free, kinds);
            return;
        }
        List<SchemaNode> holding = holding(null, matching);
        boolean refused = holding.stream()
                .anyMatch(schema -> schema.json().isBoolean() && !schema.json().booleanValue());
        if ((free || !matching.isEmpty()) && !refused) {
            kinds.add(new Kind(names, holding));
        }
    }
}
