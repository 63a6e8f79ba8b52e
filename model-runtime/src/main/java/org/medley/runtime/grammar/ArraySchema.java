package org.medley.runtime.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.medley.runtime.grammar.Expr.Counted;
import org.medley.runtime.grammar.Expr.Edge;

/** The keywords for arrays, of all schemas that hold together. */
final class ArraySchema {
    private final List<SchemaNode> schemas;
    private final SchemaCompiler compiler;
    private final Json json;

    ArraySchema(List<SchemaNode> schemas, SchemaCompiler compiler) {
        this.schemas = schemas;
        this.compiler = compiler;
        this.json = compiler.json();
    }

    Expr expr() {
        int min = 0;
        int max = Rules.MANY;
        int places = 0;
        for (SchemaNode schema : schemas) {
            min = Math.max(min, schema.count("minItems", 0));
            max = Math.min(max, schema.count("maxItems", Rules.MANY));
            places = Math.max(places, prefix(schema).size());
        }
        if (min > max) {
            return Expr.NOTHING;
        }
        places = Math.min(places, max);
        // Node i: i items are written; the places of prefixItems first, then all others at once.
        List<Edge> edges = new ArrayList<>();
        for (int i = 0; i < places; i++) {
            edges.add(new Edge(i, Expr.seq(i == 0 ? json.space() : json.comma(), item(i)), i + 1));
        }
        int end = places + 1;
        for (int i = min; i <= places; i++) {
            edges.add(new Edge(i, i == 0 ? Expr.EMPTY : json.space(), end));
        }
        if (max > places) {
            Expr before = places == 0 ? json.space() : json.comma();
            Expr rest = rest(item(places), Math.max(1, min - places), max == Rules.MANY ? max : max - places);
            edges.add(new Edge(places, Expr.seq(before, rest, json.space()), end));
        }
        return Expr.seq(Expr.text("["), new Expr.Graph(places + 2, edges, Set.of(end)), Expr.text("]"));
    }

    private Expr rest(Expr item, int min, int max) {
        if (min == 1 && max == Rules.MANY) {
            return new Expr.Graph(2, List.of(new Edge(0, item, 1), new Edge(1, json.comma(), 0)), Set.of(1));
        }
        return compiler.rules().counted(new Counted(item, json.comma(), false), min, max);
    }

    private Expr item(int index) {
        List<SchemaNode> all = new ArrayList<>();
        for (SchemaNode schema : schemas) {
            List<SchemaNode> prefix = prefix(schema);
            String others = listed(schema) ? "additionalItems" : "items";
            if (index < prefix.size()) {
                all.add(prefix.get(index));
            } else if (schema.has(others)) {
                all.add(schema.child(others));
            }
        }
        return compiler.value(all);
    }

    /** Schemas by place; until 2019-09 {@code items} itself was their list. */
    private static List<SchemaNode> prefix(SchemaNode schema) {
        if (!listed(schema)) {
            if (schema.has("additionalItems")) {
                throw new GrammarException(
                        schema.place("additionalItems"),
                        "'additionalItems' has a meaning only beside a list in 'items'");
            }
            return schema.children("prefixItems");
        }
        if (schema.has("prefixItems")) {
            throw new GrammarException(schema.place("items"), "'items' cannot be a list beside 'prefixItems'");
        }
        return schema.children("items");
    }

    private static boolean listed(SchemaNode schema) {
        return schema.has("items") && schema.get("items").isArray();
    }
}
