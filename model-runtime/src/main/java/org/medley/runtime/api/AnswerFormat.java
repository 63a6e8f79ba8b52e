package org.medley.runtime.api;

import com.fasterxml.jackson.databind.JsonNode;
import org.medley.runtime.grammar.Syntax;

/** What an answer has to look like, as requests ask for it: OpenAI's {@code response_format}, and others' ways. */
final class AnswerFormat {
    private AnswerFormat() {}

    /** Null if any text will do. */
    static Syntax of(Fields in) {
        Syntax found = null;
        Fields format = in.object("response_format");
        if (format != null) {
            found = responseFormat(format);
        }
        for (String group : new String[] {"structured_outputs", "guided"}) {
            Fields outputs = group.equals("guided") ? in : in.object(group);
            String prefix = group.equals("guided") ? "guided_" : "";
            if (outputs != null) {
                found = either(in, found, guided(outputs, prefix));
            }
        }
        return found;
    }

    private static Syntax either(Fields in, Syntax one, Syntax other) {
        if (one != null && other != null) {
            throw ApiException.invalid("response_format", "more than one format of the answer is asked for");
        }
        return one == null ? other : one;
    }

    private static Syntax responseFormat(Fields format) {
        String type = format.requiredText("type");
        return switch (type) {
            case "text" -> null;
            case "json_object" -> {
                JsonNode schema = format.node("schema");
                yield schema == null ? new Syntax.JsonObject() : schema(schema);
            }
            case "json_schema" -> {
                Fields named = format.object("json_schema");
                JsonNode schema = named == null ? format.node("schema") : named.node("schema");
                if (schema == null) {
                    throw ApiException.invalid("response_format", format.path("json_schema.schema") + " is missing");
                }
                yield schema(schema);
            }
            default ->
                throw ApiException.invalid(
                        "response_format",
                        format.path("type") + " is '" + type + "'; text, json_object and json_schema are possible");
        };
    }

    private static Syntax guided(Fields in, String prefix) {
        Syntax found = null;
        JsonNode json = in.node(prefix + "json");
        if (json != null) {
            found = json.isTextual() ? new Syntax.JsonSchema(json.textValue()) : schema(json);
        }
        if (in.has(prefix + "regex")) {
            found = either(in, found, new Syntax.Regular(in.text(prefix + "regex")));
        }
        if (in.has(prefix + "choice")) {
            found = either(in, found, Syntax.choice(in.texts(prefix + "choice")));
        }
        return found;
    }

    private static Syntax schema(JsonNode schema) {
        return new Syntax.JsonSchema(schema.toString());
    }
}
