package org.medley.runtime.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.List;

/** The keywords for numbers, of all schemas that hold together. */
final class NumberSchema {
    private final List<SchemaNode> schemas;
    private final Limits.Budget budget;
    private BigDecimal min;
    private boolean minOut;
    private BigDecimal max;
    private boolean maxOut;

    NumberSchema(List<SchemaNode> schemas, Limits.Budget budget) {
        this.schemas = schemas;
        this.budget = budget;
        for (SchemaNode schema : schemas) {
            atLeast(schema, "minimum", false);
            atLeast(schema, "exclusiveMinimum", true);
            atMost(schema, "maximum", false);
            atMost(schema, "exclusiveMaximum", true);
        }
    }

    private void atLeast(SchemaNode schema, String keyword, boolean out) {
        if (schema.has(keyword)) {
            BigDecimal bound = schema.decimal(keyword);
            int order = min == null ? 1 : bound.compareTo(min);
            minOut = order > 0 ? out : order == 0 ? minOut || out : minOut;
            min = order > 0 ? bound : min;
        }
    }

    private void atMost(SchemaNode schema, String keyword, boolean out) {
        if (schema.has(keyword)) {
            BigDecimal bound = schema.decimal(keyword);
            int order = max == null ? -1 : bound.compareTo(max);
            maxOut = order < 0 ? out : order == 0 ? maxOut || out : maxOut;
            max = order < 0 ? bound : max;
        }
    }

    Expr expr(Json json, boolean integer) {
        for (SchemaNode schema : schemas) {
            if (schema.has("multipleOf")
                    && !(integer && schema.decimal("multipleOf").compareTo(BigDecimal.ONE) == 0)) {
                throw new GrammarException(
                        schema.place("multipleOf"), "'multipleOf' is supported as 1 for integers only");
            }
        }
        if (min == null && max == null) {
            return integer ? json.integer() : json.number();
        }
        return Decimals.between(min, minOut, max, maxOut, integer, budget).spelled(Expr.Chars::new);
    }

    boolean holdsFor(JsonNode value) {
        BigDecimal number = value.decimalValue();
        for (SchemaNode schema : schemas) {
            if (schema.has("multipleOf")
                    && (schema.decimal("multipleOf").signum() <= 0
                            || number.remainder(schema.decimal("multipleOf")).signum() != 0)) {
                return false;
            }
        }
        return (min == null || number.compareTo(min) >= (minOut ? 1 : 0))
                && (max == null || number.compareTo(max) <= (maxOut ? -1 : 0));
    }
}
