package org.medley.training.recipe;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Reads recipes strictly: an unknown key, a wrong type or an impossible value is refused with its line. */
public final class Recipes {
    private static final long MAX_BYTES = 1 << 20;
    private static final ObjectMapper YAML = YAMLMapper.builder(YAMLFactory.builder()
                    .disable(YAMLGenerator.Feature.USE_NATIVE_TYPE_ID)
                    .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                    .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();

    private Recipes() {}

    public static Recipe read(Path file) {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new BadRecipeException(file + ": is larger than a recipe may be, " + MAX_BYTES + " bytes");
            }
            return parse(Files.readString(file), file.toString());
        } catch (IOException e) {
            throw new BadRecipeException(file + ": cannot be read: " + e.getMessage(), e);
        }
    }

    /** @param where how messages name the recipe */
    public static Recipe parse(String yaml, String where) {
        Recipe recipe;
        try {
            recipe = YAML.readValue(yaml, Recipe.class);
        } catch (JacksonException e) {
            throw new BadRecipeException(where + message(yaml, e), e);
        }
        if (recipe == null) {
            throw new BadRecipeException(where + ": is empty");
        }
        return completed(recipe, new Checks(where, Places.of(yaml)));
    }

    /**
     * A recipe as a model's lineage keeps it.
     *
     * @param yaml may be null
     * @return nothing where there is none, or one of another version that this one does not understand
     */
    public static Optional<Recipe> recorded(String yaml) {
        try {
            return yaml == null ? Optional.empty() : Optional.of(parse(yaml, "lineage.json"));
        } catch (BadRecipeException ofAnotherVersion) {
            return Optional.empty();
        }
    }

    /** The line on which a key such as {@code data[1].dataset} stands in a recipe's text; 0 if nothing is known. */
    public static int line(String yaml, String key) {
        return Places.of(yaml).line(key);
    }

    private static Recipe completed(Recipe recipe, Checks checks) {
        return switch (recipe) {
            case TrainRecipe train -> train.completed(checks);
            case GrowRecipe grow -> grow.completed(checks);
            case FuseRecipe fuse -> fuse.completed(checks);
        };
    }

    public static String write(Recipe recipe) {
        try {
            return YAML.writeValueAsString(recipe);
        } catch (JacksonException e) {
            throw new IllegalStateException("a recipe cannot be written as YAML", e);
        }
    }

    /** The parser stands behind an unknown key's value when it tells of it: the key is on that line or above. */
    private static int line(String yaml, JacksonException e) {
        int line = e.getLocation().getLineNr();
        if (e instanceof UnrecognizedPropertyException unknown) {
            Pattern key = Pattern.compile("(^|[\\s{,])" + Pattern.quote(unknown.getPropertyName()) + "\\s*:");
            List<String> lines = yaml.lines().toList();
            for (int i = Math.min(line, lines.size()); i >= 1; i--) {
                if (key.matcher(lines.get(i - 1)).find()) {
                    return i;
                }
            }
        }
        return line;
    }

    private static String message(String yaml, JacksonException e) {
        String line = e.getLocation() == null ? "" : ":" + line(yaml, e);
        String path = e instanceof JsonMappingException mapping
                ? mapping.getPath().stream()
                        .map(r -> r.getFieldName() != null ? r.getFieldName() : "[" + r.getIndex() + "]")
                        .collect(Collectors.joining("."))
                : "";
        return switch (e) {
            case UnrecognizedPropertyException unknown ->
                line + ": unknown key '" + path + "'; possible here: "
                        + unknown.getKnownPropertyIds().stream()
                                .map(String::valueOf)
                                .sorted()
                                .collect(Collectors.joining(", "));
            case InvalidFormatException invalid
            when invalid.getTargetType() != null && invalid.getTargetType().isEnum() ->
                line + ": " + path + " is '" + invalid.getValue() + "'; possible: "
                        + Arrays.stream(invalid.getTargetType().getEnumConstants())
                                .map(String::valueOf)
                                .collect(Collectors.joining(", "));
            default -> line + ": " + (path.isEmpty() ? "" : path + ": ") + e.getOriginalMessage();
        };
    }
}
