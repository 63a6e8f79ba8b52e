package org.medley.runtime.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** {@code enum} and {@code const}, of all schemas that hold together: the values that satisfy them and what else holds. */
final class Literals {
    /** Numbers are the same if their values are, however they are written; 0 says so to {@link JsonNode#equals}. */
    private static final Comparator<JsonNode> SAME = (a, b) -> {
        boolean numbers = a.isNumber() && b.isNumber();
        return numbers ? a.decimalValue().compareTo(b.decimalValue()) : a.equals(b) ? 0 : 1;
    };

    private final List<SchemaNode> schemas;
    private final Set<JsonType> types;
    private final Limits.Budget budget;

    Literals(List<SchemaNode> schemas, Set<JsonType> types, Limits.Budget budget) {
        this.schemas = schemas;
        this.types = types;
        this.budget = budget;
    }

    Expr expr() {
        List<JsonNode> values = null;
        for (SchemaNode schema : schemas) {
            if (schema.has("enum")) {
                List<JsonNode> named = new ArrayList<>();
                schema.get("enum").forEach(named::add);
                values = both(values, named);
            }
            if (schema.has("const")) {
                values = both(values, List.of(schema.get("const")));
            }
        }
        NumberSchema numbers = new NumberSchema(schemas, budget);
        StringSchema strings = new StringSchema(schemas, budget);
        List<Expr> options = new ArrayList<>();
        for (JsonNode value : values) {
            if (JsonType.of(value).stream().noneMatch(types::contains)) {
                continue;
            }
            if (value.isContainerNode()) {
                refuseFurther(JsonType.of(value));
            }
            if ((!value.isNumber() || numbers.holdsFor(value))
                    && (!value.isTextual() || strings.holdsFor(value.textValue()))) {
                options.add(Expr.text(JsonTexts.write(value)));
            }
        }
        return new Expr.Alt(options);
    }

    /** Whether a listed object or array satisfies further keywords is not worked out here. */
    private void refuseFurther(Set<JsonType> container) {
        for (SchemaNode schema : schemas) {
            for (java.util.Iterator<String> keywords = schema.json().fieldNames(); keywords.hasNext(); ) {
                String keyword = keywords.next();
                Set<JsonType> meant = EnumSet.copyOf(container);
                meant.retainAll(JsonType.meantBy(keyword));
                if (!meant.isEmpty()) {
                    throw new GrammarException(
                            schema.place(keyword),
                            "'" + keyword + "' is not supported for objects and arrays that enum or const list");
                }
            }
        }
    }

    private static List<JsonNode> both(List<JsonNode> a, List<JsonNode> b) {
        return a == null
                ? b
                : a.stream()
                        .filter(value -> b.stream().anyMatch(other -> value.equals(SAME, other)))
                        .toList();
    }
}
