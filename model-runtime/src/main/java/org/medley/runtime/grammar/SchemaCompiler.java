package org.medley.runtime.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.medley.runtime.grammar.Expr.Call;

/**
 * JSON Schema (2020-12, and what earlier drafts write differently for the same keywords) as rules. Only texts of valid
 * values are described, but not all of them:
 *
 * <ul>
 *   <li>members come in the order of {@code properties}; required ones that are not listed there follow;
 *   <li>members that are not listed are written where {@code additionalProperties} or {@code patternProperties} ask for
 *       them, or where an object lists none at all;
 *   <li>a schema that names no type but has keywords of some is taken to mean those types;
 *   <li>listed names, constants and strings with {@code pattern} or {@code format} come in their shortest spelling;
 *   <li>bounded numbers come without exponent; see {@link Decimals} and {@link Json} for digits and white space.
 * </ul>
 *
 * <p>Two things a schema says are not held to: {@code oneOf} is read as {@code anyOf}, and names that are not listed may
 * be written twice in one object.
 */
final class SchemaCompiler {
    private final SchemaDocument document;
    private final SchemaBranches branches;
    private final Rules rules;
    private final Json json;
    private final Limits.Budget budget;
    private final Map<Set<Set<String>>, Call> known = new HashMap<>();
    private final Deque<Runnable> pending = new ArrayDeque<>();

    SchemaCompiler(String schema, Rules rules, Json json, Limits.Budget budget) {
        this.document = new SchemaDocument(schema, budget.limits());
        this.branches = new SchemaBranches(document, budget);
        this.rules = rules;
        this.json = json;
        this.budget = budget;
    }

    Call compile() {
        Call root = value(List.of(document.root()));
        // Bodies are written from a list rather than while their callers are, however deep schemas lead.
        while (!pending.isEmpty()) {
            pending.remove().run();
        }
        return root;
    }

    Json json() {
        return json;
    }

    Rules rules() {
        return rules;
    }

    Limits.Budget budget() {
        return budget;
    }

    /** Values for which all of these schemas hold. */
    Call value(List<SchemaNode> schemas) {
        List<List<SchemaNode>> alternatives = branches.of(schemas);
        Set<Set<String>> key = alternatives.stream()
                .map(all -> all.stream().map(SchemaNode::place).collect(Collectors.toUnmodifiableSet()))
                .collect(Collectors.toUnmodifiableSet());
        return known.computeIfAbsent(key, _ -> {
            int rule = rules.open();
            pending.add(() -> rules.close(
                    rule, new Expr.Alt(alternatives.stream().map(this::one).toList())));
            return new Call(rule);
        });
    }

    /** One alternative: values for which all these keywords hold. */
    private Expr one(List<SchemaNode> schemas) {
        Set<JsonType> types = types(schemas);
        if (schemas.stream().anyMatch(schema -> schema.has("enum") || schema.has("const"))) {
            return new Literals(schemas, types, budget).expr();
        }
        if (types.equals(EnumSet.allOf(JsonType.class))) {
            return json.value();
        }
        List<Expr> options = new ArrayList<>();
        for (JsonType type : types) {
            options.add(
                    switch (type) {
                        case NULL -> Expr.text("null");
                        case BOOLEAN -> Expr.alt(Expr.text("true"), Expr.text("false"));
                        case INTEGER ->
                            types.contains(JsonType.NUMBER)
                                    ? Expr.NOTHING
                                    : new NumberSchema(schemas, budget).expr(json, true);
                        case NUMBER -> new NumberSchema(schemas, budget).expr(json, false);
                        case STRING -> new StringSchema(schemas, budget).expr(json);
                        case ARRAY -> new ArraySchema(schemas, this).expr();
                        case OBJECT -> new ObjectSchema(schemas, this).expr();
                    });
        }
        return new Expr.Alt(options);
    }

    private static Set<JsonType> types(List<SchemaNode> schemas) {
        Set<JsonType> types = EnumSet.allOf(JsonType.class);
        boolean named = false;
        for (SchemaNode schema : schemas) {
            if (schema.has("type")) {
                named = true;
                types.retainAll(JsonType.named(schema.get("type")));
            }
        }
        boolean literal = schemas.stream().anyMatch(schema -> schema.has("enum") || schema.has("const"));
        if (!named && !literal) {
            Set<JsonType> meant = EnumSet.noneOf(JsonType.class);
            for (SchemaNode schema : schemas) {
                schema.json().fieldNames().forEachRemaining(keyword -> meant.addAll(JsonType.meantBy(keyword)));
            }
            return meant.isEmpty() ? types : meant;
        }
        return types;
    }
}
