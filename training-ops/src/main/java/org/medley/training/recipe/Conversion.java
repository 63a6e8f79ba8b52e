package org.medley.training.recipe;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.InvalidTypeIdException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.util.Arrays;
import java.util.Collection;
import java.util.stream.Collectors;

/** Turns keys and values into recipes strictly, and says in plain words what does not fit. */
final class Conversion {
    private static final int SHOWN = 60;
    private static final ObjectMapper YAML = YAMLMapper.builder(YAMLFactory.builder()
                    .disable(YAMLGenerator.Feature.USE_NATIVE_TYPE_ID)
                    .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                    .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();

    private Conversion() {}

    static JsonNode tree(String yaml) throws JacksonException {
        return YAML.readTree(yaml);
    }

    static String written(Object value) {
        try {
            return YAML.writeValueAsString(value);
        } catch (JacksonException e) {
            throw new IllegalStateException("a recipe cannot be written as YAML", e);
        }
    }

    /** @throws BadRecipeException if it is not such */
    static <T> T to(Class<T> type, JsonNode tree, Origin origin) {
        try {
            return YAML.treeToValue(tree, type);
        } catch (JsonMappingException e) {
            String key = key(e);
            // What kind a recipe is decides the rest, so a wrong kind is told of the whole.
            String told = e instanceof InvalidTypeIdException ? "kind" : key;
            throw new BadRecipeException(origin.of(told) + problem(key, e, tree), e);
        } catch (JacksonException e) {
            throw new BadRecipeException(origin.of("") + "cannot be read", e);
        }
    }

    private static String key(JsonMappingException e) {
        StringBuilder key = new StringBuilder();
        for (JsonMappingException.Reference part : e.getPath()) {
            if (part.getFieldName() == null) {
                key.append('[').append(part.getIndex()).append(']');
            } else {
                key.append(key.isEmpty() ? "" : ".").append(part.getFieldName());
            }
        }
        return key.toString();
    }

    private static String problem(String key, JsonMappingException e, JsonNode tree) {
        String is = key + " is " + shown(value(e, tree));
        return switch (e) {
            case UnrecognizedPropertyException unknown ->
                "unknown key '" + key + "'; possible here: "
                        + unknown.getKnownPropertyIds().stream()
                                .map(String::valueOf)
                                .sorted()
                                .collect(Collectors.joining(", "));
            case InvalidTypeIdException kind
            when tree.hasNonNull("kind") -> "kind is " + shown(tree.get("kind")) + "; possible: fuse, grow, train";
            case InvalidTypeIdException none -> "kind is missing; fuse, grow and train are possible";
            case MismatchedInputException other -> is + needed(other.getTargetType());
            default ->
                is + (e.getCause() instanceof InputCoercionException wide ? possible(wide) : ", which cannot be read");
        };
    }

    private static JsonNode value(JsonMappingException e, JsonNode tree) {
        JsonNode at = tree;
        for (JsonMappingException.Reference part : e.getPath()) {
            at = part.getFieldName() == null ? at.path(part.getIndex()) : at.path(part.getFieldName());
        }
        return at;
    }

    private static String needed(Class<?> type) {
        if (type == null) {
            return ", which cannot be read";
        }
        if (type.isEnum()) {
            return "; possible: "
                    + Arrays.stream(type.getEnumConstants())
                            .map(String::valueOf)
                            .collect(Collectors.joining(", "));
        }
        if (type == Integer.class || type == int.class || type == Long.class || type == long.class) {
            return "; a whole number is needed";
        }
        if (type == Double.class || type == double.class) {
            return "; a number is needed";
        }
        if (type == Boolean.class || type == boolean.class) {
            return "; true or false is needed";
        }
        if (type == String.class) {
            return "; a text is needed";
        }
        return Collection.class.isAssignableFrom(type)
                ? "; a list is needed, each entry behind '- ' or all in [ ]"
                : "; a section of keys and values is needed";
    }

    private static String possible(InputCoercionException wide) {
        boolean small = wide.getTargetType() == int.class || wide.getTargetType() == Integer.class;
        return "; a whole number of at most " + (small ? Integer.MAX_VALUE : Long.MAX_VALUE) + " is needed";
    }

    /** How refusals call a value. */
    static String shown(JsonNode value) {
        return switch (value.getNodeType()) {
            case MISSING, NULL -> "empty";
            case ARRAY -> "a list";
            case OBJECT, POJO -> "a section of keys and values";
            case STRING, BINARY -> "'" + shortened(value.asText()) + "'";
            case NUMBER, BOOLEAN -> shortened(value.asText());
        };
    }

    static String shortened(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return line.length() <= SHOWN ? line : line.substring(0, SHOWN) + "…";
    }
}
