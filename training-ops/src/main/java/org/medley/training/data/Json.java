package org.medley.training.data;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Reads records strictly: whole UTF-8, one value, no key twice. */
final class Json {
    private static final ObjectMapper MAPPER = new ObjectMapper(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxStringLength(RowReader.MAX_RECORD)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private Json() {}

    /** @param last whether the text may have been cut where it ends */
    static JsonNode parse(byte[] bytes, Place place, boolean last) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return MAPPER.readTree(text);
        } catch (CharacterCodingException e) {
            throw place.refuse("is not UTF-8 text; convert the file to UTF-8", e);
        } catch (JacksonException e) {
            throw place.refuse("is not one JSON object" + (last ? " (the file seems cut)" : "") + ": " + problem(e));
        }
    }

    /** A column that holds JSON as text. */
    static JsonNode parse(String text, Place place, String column) {
        try {
            return MAPPER.readTree(text);
        } catch (JacksonException e) {
            throw place.refuse("column \"" + column + "\" is a string that is not JSON: " + problem(e));
        }
    }

    /** Without the parser's words, which repeat what the record says; that may be a patient's. */
    private static String problem(JacksonException e) {
        String where = e.getLocation() == null
                ? ""
                : " at character " + e.getLocation().getColumnNr();
        return (e.getOriginalMessage().startsWith("Duplicate field") ? "a key stands twice" : "it goes wrong") + where;
    }

    /** How refusals call what stands where something else is needed. */
    static String kind(JsonNode node) {
        return switch (node.getNodeType()) {
            case MISSING -> "missing";
            case NULL -> "null";
            case ARRAY -> "an array";
            case OBJECT, POJO -> "an object";
            case NUMBER -> "a number";
            case BOOLEAN -> "true or false";
            case BINARY -> "bytes that are not UTF-8 text";
            case STRING -> "a string";
        };
    }
}
