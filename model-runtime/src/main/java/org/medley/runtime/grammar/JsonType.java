package org.medley.runtime.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** The types of JSON Schema. An integer is a number, too. */
enum JsonType {
    NULL,
    BOOLEAN,
    INTEGER,
    NUMBER,
    STRING,
    ARRAY,
    OBJECT;

    /** @param type a name or a list of names, as {@code type} has them */
    static Set<JsonType> named(JsonNode type) {
        Set<JsonType> types = EnumSet.noneOf(JsonType.class);
        for (JsonNode name : type.isArray() ? type : java.util.List.of(type)) {
            types.add(valueOf(name.textValue().toUpperCase(Locale.ROOT)));
        }
        if (types.contains(NUMBER)) {
            types.add(INTEGER);
        }
        return types;
    }

    /** The types that a value is of. */
    static Set<JsonType> of(JsonNode value) {
        return switch (value.getNodeType()) {
            case NULL -> EnumSet.of(NULL);
            case BOOLEAN -> EnumSet.of(BOOLEAN);
            case STRING -> EnumSet.of(STRING);
            case ARRAY -> EnumSet.of(ARRAY);
            case OBJECT -> EnumSet.of(OBJECT);
            case NUMBER ->
                value.decimalValue().stripTrailingZeros().scale() <= 0
                        ? EnumSet.of(NUMBER, INTEGER)
                        : EnumSet.of(NUMBER);
            default -> throw new IllegalStateException("not JSON: " + value.getNodeType());
        };
    }

    /** The types whose values a keyword constrains; none if it speaks of no certain types. */
    static Set<JsonType> meantBy(String keyword) {
        return switch (keyword) {
            case "properties",
                    "required",
                    "additionalProperties",
                    "patternProperties",
                    "minProperties",
                    "maxProperties" -> EnumSet.of(OBJECT);
            case "items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems" -> EnumSet.of(ARRAY);
            case "minLength", "maxLength", "pattern", "format" -> EnumSet.of(STRING);
            case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum" -> EnumSet.of(NUMBER, INTEGER);
            case "multipleOf" -> EnumSet.of(INTEGER);
            default -> EnumSet.noneOf(JsonType.class);
        };
    }
}
