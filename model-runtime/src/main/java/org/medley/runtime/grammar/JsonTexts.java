package org.medley.runtime.grammar;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeType;
import java.util.Iterator;
import java.util.Map;

/** Reading and writing the JSON in which schemas are given, numbers to the last digit and members in their order. */
final class JsonTexts {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .disable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    static {
        // The depth is limited by Limits, with a refusal that names the place; this one only protects the reader.
        MAPPER.getFactory()
                .setStreamReadConstraints(
                        StreamReadConstraints.builder().maxNestingDepth(500).build());
    }

    private JsonTexts() {}

    static JsonNode read(String text) {
        try {
            JsonNode node = MAPPER.readTree(text);
            if (node.isMissingNode()) {
                throw new GrammarException("#", "the schema is empty; it has to be a JSON object, true or false");
            }
            return node;
        } catch (JsonProcessingException e) {
            throw new GrammarException("#", "the schema is not valid JSON: " + e.getOriginalMessage());
        }
    }

    /** The value without white space, strings in their shortest spelling. */
    static String write(JsonNode node) {
        StringBuilder out = new StringBuilder();
        write(node, out);
        return out.toString();
    }

    private static void write(JsonNode node, StringBuilder out) {
        if (node.isObject()) {
            char before = '{';
            for (Iterator<Map.Entry<String, JsonNode>> i = node.fields(); i.hasNext(); before = ',') {
                Map.Entry<String, JsonNode> member = i.next();
                out.append(before).append(Json.quoted(member.getKey())).append(':');
                write(member.getValue(), out);
            }
            out.append(node.isEmpty() ? "{}" : "}");
        } else if (node.isArray()) {
            char before = '[';
            for (JsonNode item : node) {
                out.append(before);
                write(item, out);
                before = ',';
            }
            out.append(node.isEmpty() ? "[]" : "]");
        } else if (node.getNodeType() == JsonNodeType.STRING) {
            out.append(Json.quoted(node.textValue()));
        } else {
            out.append(node.asText());
        }
    }
}
