package org.medley.runtime.grammar;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.medley.runtime.grammar.Expr.Edge;

/** The keywords for objects, of all schemas that hold together. */
final class ObjectSchema {
    private final List<SchemaNode> schemas;
    private final SchemaCompiler compiler;
    private final Json json;
    private final MemberNames members;
    private final List<String> names;
    private final Set<String> required = new HashSet<>();
    private int min;
    private int max = Rules.MANY;

    ObjectSchema(List<SchemaNode> schemas, SchemaCompiler compiler) {
        this.schemas = schemas;
        this.compiler = compiler;
        this.json = compiler.json();
        this.members = new MemberNames(schemas, compiler.budget());
        LinkedHashSet<String> all = new LinkedHashSet<>();
        schemas.forEach(schema -> all.addAll(schema.names("properties")));
        for (SchemaNode schema : schemas) {
            if (schema.has("required")) {
                schema.get("required").forEach(name -> required.add(name.textValue()));
                schema.get("required").forEach(name -> all.add(name.textValue()));
            }
            min = Math.max(min, schema.count("minProperties", 0));
            max = Math.min(max, schema.count("maxProperties", Rules.MANY));
        }
        this.names = List.copyOf(all);
    }

    /**
     * Where in an object one is.
     *
     * @param next index of the next listed name
     * @param different members with names certain to differ, up to the minimum asked for
     * @param written members, up to the maximum; only whether there are any, without one
     * @param others whether a member that is not listed is among them
     */
    private record Place(int next, int different, int written, boolean others) {}

    /** A member that is not listed, or the listed one {@code next}, follows and leads to {@code to}. */
    private record Before(int next, Place to) {}

    private record End() {}

    private final Map<Record, Integer> nodes = new HashMap<>();
    private final List<Place> open = new ArrayList<>();
    private final List<Edge> edges = new ArrayList<>();

    Expr expr() {
        if (min > max) {
            return Expr.NOTHING;
        }
        List<Expr> values = names.stream().map(this::member).toList();
        List<Expr> others = new ArrayList<>();
        for (MemberNames.Kind kind : members.others(names)) {
            others.add(Expr.seq(json.string(kind.names()), json.colon(), compiler.value(kind.schemas())));
        }
        if (!others.isEmpty() && min > names.size() + 1) {
            SchemaNode asking = schemas.stream()
                    .filter(schema -> schema.count("minProperties", 0) == min)
                    .findFirst()
                    .orElseThrow();
            throw new GrammarException(
                    asking.place("minProperties"),
                    "'minProperties' beyond the listed names and one more is not supported: other names may be written"
                            + " twice");
        }
        if (others.isEmpty() && max >= names.size()) {
            max = Rules.MANY;
        }
        node(new Place(0, 0, 0, false));
        for (int i = 0; i < open.size(); i++) {
            Place place = open.get(i);
            if (place.next < names.size()) {
                listed(place, values.get(place.next));
            } else {
                others(place, new Expr.Alt(others));
                if (place.different >= min) {
                    edges.add(new Edge(node(place), place.written == 0 ? Expr.EMPTY : json.space(), node(new End())));
                }
            }
        }
        Integer end = nodes.get(new End());
        if (end == null) {
            return Expr.NOTHING;
        }
        return Expr.seq(Expr.text("{"), new Expr.Graph(nodes.size(), edges, Set.of(end)), Expr.text("}"));
    }

    private Expr member(String name) {
        return Expr.seq(Expr.text(Json.quoted(name)), json.colon(), compiler.value(members.schemasOf(name)));
    }

    private void listed(Place place, Expr member) {
        if (!required.contains(names.get(place.next))) {
            edges.add(new Edge(
                    node(place),
                    Expr.EMPTY,
                    node(new Place(place.next + 1, place.different, place.written, place.others))));
        }
        write(place, member, new Place(place.next + 1, different(place, true), written(place), place.others));
    }

    private void others(Place place, Expr member) {
        write(place, member, new Place(place.next, different(place, !place.others), written(place), true));
    }

    /** All ways to write the same member before the same place share it: what differs is a comma before. */
    private void write(Place from, Expr member, Place to) {
        if (from.written == max) {
            return;
        }
        Before key = new Before(from.next, to);
        boolean known = nodes.containsKey(key);
        int before = node(key);
        edges.add(new Edge(node(from), from.written == 0 ? json.space() : json.comma(), before));
        if (!known) {
            edges.add(new Edge(before, member, node(to)));
        }
    }

    private int different(Place place, boolean one) {
        return Math.min(min, place.different + (one ? 1 : 0));
    }

    private int written(Place place) {
        return Math.min(max == Rules.MANY ? 1 : max, place.written + 1);
    }

    private int node(Record key) {
        return nodes.computeIfAbsent(key, _ -> {
            compiler.budget().state();
            if (key instanceof Place place) {
                open.add(place);
            }
            return nodes.size();
        });
    }
}
