package org.medley.runtime.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.List;

/**
 * The fields of a request's body, read with the type each must have; a refusal names the field and what would be right.
 * Fields that nobody asks for are ignored, as the servers do whose clients these are. A field that is null is absent.
 */
final class Fields {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    static {
        JSON.getFactory()
                .setStreamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(200)
                        .maxStringLength(16 << 20)
                        .build());
    }

    private final JsonNode node;
    private final String at;

    private Fields(JsonNode node, String at) {
        this.node = node;
        this.at = at;
    }

    static Fields parse(String body) {
        try {
            return of(JSON.readTree(body == null ? "" : body), "");
        } catch (JsonProcessingException e) {
            throw ApiException.invalid(null, "the body is not valid JSON: " + e.getOriginalMessage());
        }
    }

    static Fields of(JsonNode node, String at) {
        if (node == null || !node.isObject()) {
            throw ApiException.invalid(
                    at.isEmpty() ? null : at, (at.isEmpty() ? "the body" : at) + " must be an object");
        }
        return new Fields(node, at);
    }

    String path(String name) {
        return at.isEmpty() ? name : at + "." + name;
    }

    /** The field as it is, null if absent. */
    JsonNode node(String name) {
        JsonNode value = node.get(name);
        return value == null || value.isNull() ? null : value;
    }

    boolean has(String name) {
        return node(name) != null;
    }

    Fields object(String name) {
        JsonNode value = node(name);
        return value == null ? null : of(value, path(name));
    }

    String text(String name) {
        JsonNode value = node(name);
        if (value != null && !value.isTextual()) {
            throw wrong(name, value, "a string");
        }
        return value == null ? null : value.textValue();
    }

    String requiredText(String name) {
        String value = text(name);
        if (value == null || value.isBlank()) {
            throw ApiException.invalid(path(name), path(name) + " is missing");
        }
        return value;
    }

    boolean flag(String name, boolean otherwise) {
        JsonNode value = node(name);
        if (value != null && !value.isBoolean()) {
            throw wrong(name, value, "true or false");
        }
        return value == null ? otherwise : value.booleanValue();
    }

    float number(String name, float otherwise) {
        JsonNode value = node(name);
        if (value != null && !value.isNumber()) {
            throw wrong(name, value, "a number");
        }
        return value == null ? otherwise : value.floatValue();
    }

    Long integer(String name) {
        JsonNode value = node(name);
        if (value != null && !(value.isIntegralNumber() && value.canConvertToLong())) {
            throw wrong(name, value, "an integer");
        }
        return value == null ? null : value.longValue();
    }

    int integer(String name, int otherwise, int min, int max) {
        Long value = integer(name);
        if (value != null && (value < min || value > max)) {
            throw ApiException.invalid(
                    path(name), path(name) + " is " + value + "; " + min + " to " + max + " is possible");
        }
        return value == null ? otherwise : value.intValue();
    }

    /** The elements of an array, empty if absent. */
    List<JsonNode> array(String name) {
        JsonNode value = node(name);
        if (value != null && !value.isArray()) {
            throw wrong(name, value, "an array");
        }
        List<JsonNode> elements = new ArrayList<>();
        if (value != null) {
            value.forEach(elements::add);
        }
        return elements;
    }

    /** A string, or an array of strings; empty if absent. */
    List<String> texts(String name) {
        JsonNode value = node(name);
        if (value == null) {
            return List.of();
        }
        if (value.isTextual()) {
            return List.of(value.textValue());
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode element : array(name)) {
            if (!element.isTextual()) {
                throw wrong(name, value, "a string or an array of strings");
            }
            texts.add(element.textValue());
        }
        return texts;
    }

    ApiException wrong(String name, JsonNode value, String right) {
        String shown = value.toString();
        return ApiException.invalid(
                path(name),
                path(name) + " is " + (shown.length() > 80 ? shown.substring(0, 80) + "…" : shown) + "; it must be "
                        + right);
    }
}
