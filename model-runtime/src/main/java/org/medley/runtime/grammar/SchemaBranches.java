package org.medley.runtime.grammar;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a value has to satisfy, with {@code $ref}, {@code allOf}, {@code anyOf} and {@code oneOf} resolved: a list of
 * alternatives, each a list of schemas whose own keywords all hold together. {@code oneOf} is read as {@code anyOf}.
 */
final class SchemaBranches {
    /** Schemas may hand on to others by reference or {@code allOf} so often before a keyword of their own is met. */
    private static final int MOST_HOPS = 100;

    private static final Set<String> RESOLVED = Set.of("$ref", "allOf", "anyOf", "oneOf");

    private final SchemaDocument document;
    private final Limits.Budget budget;

    SchemaBranches(SchemaDocument document, Limits.Budget budget) {
        this.document = document;
        this.budget = budget;
    }

    /** The alternatives for a value that all of {@code schemas} hold for; none if there cannot be one. */
    List<List<SchemaNode>> of(List<SchemaNode> schemas) {
        List<List<SchemaNode>> all = List.of(List.of());
        for (SchemaNode schema : schemas) {
            all = both(all, expand(schema, new LinkedHashSet<>()), schema);
        }
        Map<Set<String>, List<SchemaNode>> different = new LinkedHashMap<>();
        for (List<SchemaNode> alternative : all) {
            Map<String, SchemaNode> places = new LinkedHashMap<>();
            alternative.forEach(schema -> places.putIfAbsent(schema.place(), schema));
            different.putIfAbsent(places.keySet(), List.copyOf(places.values()));
        }
        return List.copyOf(different.values());
    }

    private List<List<SchemaNode>> expand(SchemaNode schema, Set<String> through) {
        document.check(schema);
        if (schema.json().isBoolean()) {
            return schema.json().booleanValue() ? List.of(List.of()) : List.of();
        }
        if (!through.add(schema.place())) {
            throw new GrammarException(schema.place(), "the schema refers back to itself with no value in between");
        }
        if (through.size() > MOST_HOPS) {
            throw new GrammarException(
                    schema.place(),
                    "more than " + MOST_HOPS + " references and allOf, anyOf lead on from one to the next");
        }
        List<List<SchemaNode>> all = List.of(hasOwnKeywords(schema) ? List.of(schema) : List.of());
        if (schema.has("$ref")) {
            all = both(all, expand(document.target(schema), through), schema);
        }
        for (SchemaNode part : schema.children("allOf")) {
            all = both(all, expand(part, through), schema);
        }
        for (String choice : List.of("anyOf", "oneOf")) {
            if (schema.has(choice)) {
                List<List<SchemaNode>> options = new ArrayList<>();
                schema.children(choice).forEach(option -> options.addAll(expand(option, through)));
                all = both(all, options, schema);
            }
        }
        through.remove(schema.place());
        return all;
    }

    private static boolean hasOwnKeywords(SchemaNode schema) {
        boolean[] own = new boolean[1];
        schema.json().fieldNames().forEachRemaining(keyword -> own[0] |= !RESOLVED.contains(keyword));
        return own[0];
    }

    private List<List<SchemaNode>> both(List<List<SchemaNode>> left, List<List<SchemaNode>> right, SchemaNode where) {
        if ((long) left.size() * right.size() > budget.limits().alternatives()) {
            throw new GrammarException(
                    where.place(),
                    "alternatives multiply to more than " + budget.limits().alternatives());
        }
        List<List<SchemaNode>> all = new ArrayList<>();
        for (List<SchemaNode> a : left) {
            for (List<SchemaNode> b : right) {
                budget.state();
                List<SchemaNode> joined = new ArrayList<>(a);
                joined.addAll(b);
                all.add(joined);
            }
        }
        return all;
    }
}
