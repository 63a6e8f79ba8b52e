package org.medley.runtime.grammar;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;

/** A JSON Schema with its references; every schema taken from it is checked for keywords that are not supported. */
final class SchemaDocument {
    /** What a keyword's value has to be. */
    private enum Form {
        IGNORED,
        UNSUPPORTED,
        SCHEMA,
        SCHEMAS,
        SCHEMA_MAP,
        ITEMS,
        COUNT,
        NUMBER,
        TEXT,
        NAMES,
        VALUES,
        VALUE,
        TYPE,
        FALSE
    }

    private static final Map<String, Form> KEYWORDS = Map.ofEntries(
            Map.entry("title", Form.IGNORED),
            Map.entry("description", Form.IGNORED),
            Map.entry("default", Form.IGNORED),
            Map.entry("examples", Form.IGNORED),
            Map.entry("deprecated", Form.IGNORED),
            Map.entry("readOnly", Form.IGNORED),
            Map.entry("writeOnly", Form.IGNORED),
            Map.entry("$comment", Form.IGNORED),
            Map.entry("$schema", Form.IGNORED),
            Map.entry("$defs", Form.SCHEMA_MAP),
            Map.entry("definitions", Form.SCHEMA_MAP),
            Map.entry("$ref", Form.TEXT),
            Map.entry("type", Form.TYPE),
            Map.entry("enum", Form.VALUES),
            Map.entry("const", Form.VALUE),
            Map.entry("anyOf", Form.SCHEMAS),
            Map.entry("oneOf", Form.SCHEMAS),
            Map.entry("allOf", Form.SCHEMAS),
            Map.entry("properties", Form.SCHEMA_MAP),
            Map.entry("patternProperties", Form.SCHEMA_MAP),
            Map.entry("additionalProperties", Form.SCHEMA),
            Map.entry("required", Form.NAMES),
            Map.entry("minProperties", Form.COUNT),
            Map.entry("maxProperties", Form.COUNT),
            Map.entry("items", Form.ITEMS),
            Map.entry("prefixItems", Form.SCHEMAS),
            Map.entry("additionalItems", Form.SCHEMA),
            Map.entry("minItems", Form.COUNT),
            Map.entry("maxItems", Form.COUNT),
            Map.entry("uniqueItems", Form.FALSE),
            Map.entry("minLength", Form.COUNT),
            Map.entry("maxLength", Form.COUNT),
            Map.entry("pattern", Form.TEXT),
            Map.entry("format", Form.TEXT),
            Map.entry("minimum", Form.NUMBER),
            Map.entry("maximum", Form.NUMBER),
            Map.entry("exclusiveMinimum", Form.NUMBER),
            Map.entry("exclusiveMaximum", Form.NUMBER),
            Map.entry("multipleOf", Form.NUMBER),
            Map.entry("not", Form.UNSUPPORTED),
            Map.entry("if", Form.UNSUPPORTED),
            Map.entry("then", Form.UNSUPPORTED),
            Map.entry("else", Form.UNSUPPORTED),
            Map.entry("dependentRequired", Form.UNSUPPORTED),
            Map.entry("dependentSchemas", Form.UNSUPPORTED),
            Map.entry("dependencies", Form.UNSUPPORTED),
            Map.entry("unevaluatedProperties", Form.UNSUPPORTED),
            Map.entry("unevaluatedItems", Form.UNSUPPORTED),
            Map.entry("contains", Form.UNSUPPORTED),
            Map.entry("minContains", Form.UNSUPPORTED),
            Map.entry("maxContains", Form.UNSUPPORTED),
            Map.entry("propertyNames", Form.UNSUPPORTED),
            Map.entry("contentEncoding", Form.UNSUPPORTED),
            Map.entry("contentMediaType", Form.UNSUPPORTED),
            Map.entry("contentSchema", Form.UNSUPPORTED),
            Map.entry("$anchor", Form.UNSUPPORTED),
            Map.entry("$dynamicRef", Form.UNSUPPORTED),
            Map.entry("$dynamicAnchor", Form.UNSUPPORTED),
            Map.entry("$recursiveRef", Form.UNSUPPORTED),
            Map.entry("$recursiveAnchor", Form.UNSUPPORTED),
            Map.entry("$vocabulary", Form.UNSUPPORTED));
    private static final Set<String> TYPES =
            Set.of("null", "boolean", "integer", "number", "string", "array", "object");

    private final JsonNode root;
    private final Limits limits;
    private final Set<String> checked = new HashSet<>();

    SchemaDocument(String text, Limits limits) {
        if (text.length() > limits.characters()) {
            throw new GrammarException("#", "the schema is longer than " + limits.characters() + " characters");
        }
        this.root = JsonTexts.read(text);
        this.limits = limits;
        depth(root, "#", 0);
    }

    private void depth(JsonNode node, String place, int depth) {
        if (depth > limits.depth()) {
            throw new GrammarException(place, "the schema is nested more than " + limits.depth() + " deep");
        }
        int index = 0;
        if (node.isArray()) {
            for (JsonNode item : node) {
                depth(item, place + "/" + index++, depth + 1);
            }
        }
        for (Iterator<Map.Entry<String, JsonNode>> i = node.fields(); i.hasNext(); ) {
            Map.Entry<String, JsonNode> member = i.next();
            depth(member.getValue(), new SchemaNode(node, place).place(member.getKey()), depth + 1);
        }
    }

    SchemaNode root() {
        return new SchemaNode(root, "#");
    }

    /** The schema that {@code $ref} in {@code from} leads to. */
    SchemaNode target(SchemaNode from) {
        String ref = from.text("$ref");
        String place = from.place("$ref");
        if (!ref.equals("#") && !ref.startsWith("#/")) {
            throw new GrammarException(
                    place, "'" + ref + "' is not within the schema; references such as #/$defs/name are supported");
        }
        JsonNode target;
        try {
            String pointer = URLDecoder.decode(ref.substring(1).replace("+", "%2B"), StandardCharsets.UTF_8);
            target = root.at(JsonPointer.compile(pointer));
        } catch (IllegalArgumentException e) {
            throw new GrammarException(place, "'" + ref + "' is not a JSON pointer");
        }
        if (target.isMissingNode()) {
            throw new GrammarException(place, "'" + ref + "' leads to nothing in the schema");
        }
        return new SchemaNode(target, ref);
    }

    /** Refuses what is no schema, and keywords that are unknown, unsupported or of a wrong form. */
    void check(SchemaNode schema) {
        if (!checked.add(schema.place()) || schema.json().isBoolean()) {
            return;
        }
        if (!schema.json().isObject()) {
            throw new GrammarException(schema.place(), "a schema has to be an object, true or false");
        }
        schema.json().fieldNames().forEachRemaining(keyword -> check(schema, keyword));
    }

    private void check(SchemaNode schema, String keyword) {
        if (keyword.equals("$id") && schema.place().equals("#")) {
            return;
        }
        JsonNode value = schema.get(keyword);
        Form form = KEYWORDS.get(keyword);
        String place = schema.place(keyword);
        if (form == null) {
            throw new GrammarException(place, "'" + keyword + "' is not a keyword known here");
        }
        String right = switch (form) {
            case IGNORED, VALUE, SCHEMA -> null;
            case UNSUPPORTED -> throw new GrammarException(place, "'" + keyword + "' is not supported");
            case SCHEMAS -> value.isArray() && !value.isEmpty() ? null : "a list of schemas that is not empty";
            case SCHEMA_MAP -> value.isObject() ? null : "an object of schemas";
            case ITEMS ->
                value.isObject() || value.isBoolean() || value.isArray() ? null : "a schema, or a list of schemas";
            case COUNT -> count(value) ? null : "an integer from 0 to " + (Rules.MANY - 1);
            case NUMBER -> value.isNumber() ? null : "a number";
            case TEXT -> value.isTextual() ? null : "a string";
            case NAMES -> names(value) ? null : "a list of different strings";
            case VALUES -> value.isArray() && !value.isEmpty() ? null : "a list that is not empty";
            case TYPE -> type(value) ? null : "one of or a list of " + String.join(", ", sortedTypes());
            case FALSE -> {
                if (value.isBoolean() && value.booleanValue()) {
                    throw new GrammarException(place, "'" + keyword + "' is not supported");
                }
                yield value.isBoolean() ? null : "true or false";
            }
        };
        if (right != null) {
            throw new GrammarException(place, "'" + keyword + "' has to be " + right);
        }
        if (form == Form.NUMBER && Decimals.tooLong(value.decimalValue())) {
            throw new GrammarException(place, "the number has too many digits");
        }
    }

    private static Iterable<String> sortedTypes() {
        return TYPES.stream().sorted().toList();
    }

    private static boolean count(JsonNode value) {
        return value.isNumber()
                && value.canConvertToExactIntegral()
                && value.canConvertToInt()
                && value.intValue() >= 0
                && value.intValue() < Rules.MANY;
    }

    private static boolean names(JsonNode value) {
        Set<String> names = new HashSet<>();
        for (JsonNode name : value) {
            if (!name.isTextual() || !names.add(name.textValue())) {
                return false;
            }
        }
        return value.isArray();
    }

    private static boolean type(JsonNode value) {
        return value.isArray()
                ? names(value) && allTypes(value)
                : value.isTextual() && TYPES.contains(value.textValue());
    }

    private static boolean allTypes(JsonNode list) {
        for (JsonNode type : list) {
            if (!TYPES.contains(type.textValue())) {
                return false;
            }
        }
        return !list.isEmpty();
    }
}
