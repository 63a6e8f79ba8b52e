package org.medley.training.experiment;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medley.training.recipe.BadRecipeException;
import org.medley.training.recipe.Recipes;
import org.medley.training.recipe.TrainRecipe;

/**
 * Variants of one recipe.
 *
 * @param name of the folder that results are kept in
 * @param recipe of which every variant changes something
 * @param seeds each variant is run by each
 * @param variants by name, what of the recipe is another; the first is what others are compared with
 */
public record Experiment(
        String name,
        String description,
        ObjectNode recipe,
        List<Long> seeds,
        LinkedHashMap<String, ObjectNode> variants) {
    private static final long MAX_BYTES = 1 << 20;
    private static final ObjectMapper YAML = YAMLMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** @throws BadRecipeException if it is not one, or a variant is no recipe */
    public static Experiment read(Path file) {
        Experiment experiment;
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new BadRecipeException(file + ": is larger than an experiment may be, " + MAX_BYTES + " bytes");
            }
            experiment = YAML.readValue(file.toFile(), Experiment.class);
        } catch (JacksonException e) {
            String line = e.getLocation() == null ? "" : ":" + e.getLocation().getLineNr();
            throw new BadRecipeException(file + line + ": " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new BadRecipeException(file + ": cannot be read: " + e.getMessage(), e);
        }
        if (experiment.name == null || !experiment.name.matches("[a-z0-9][a-z0-9._-]{0,62}")) {
            throw new BadRecipeException(file + ": name must be 1 to 63 of a-z 0-9 . _ -");
        }
        if (experiment.recipe == null
                || experiment.seeds == null
                || experiment.seeds.isEmpty()
                || experiment.variants == null
                || experiment.variants.isEmpty()) {
            throw new BadRecipeException(file + ": needs a recipe, at least one of seeds and at least one of variants");
        }
        experiment.variants.keySet().forEach(variant -> experiment.run(variant, experiment.seeds.getFirst()));
        return experiment;
    }

    /**
     * Some of the variants, in this order.
     *
     * @throws BadRecipeException if there is no such variant
     */
    Experiment only(List<String> names) {
        LinkedHashMap<String, ObjectNode> chosen = new LinkedHashMap<>();
        for (String variant : names) {
            if (!variants.containsKey(variant)) {
                throw new BadRecipeException("experiment " + name + " has no variant '" + variant + "'; it has "
                        + String.join(", ", variants.keySet()));
            }
            chosen.put(variant, variants.get(variant));
        }
        return new Experiment(name, description, recipe, seeds, chosen);
    }

    /** A variant's recipe by a seed. */
    TrainRecipe run(String variant, long seed) {
        ObjectNode changed = recipe.deepCopy();
        merge(changed, variants.get(variant) == null ? changed.objectNode() : variants.get(variant));
        changed.put("kind", "train");
        changed.put("name", (variant + "-" + seed).replaceAll("[^a-z0-9._-]", "-"));
        changed.put("seed", seed);
        try {
            return (TrainRecipe) Recipes.parse(YAML.writeValueAsString(changed), "variant " + variant);
        } catch (JacksonException e) {
            throw new IllegalStateException("a recipe cannot be written as YAML", e);
        }
    }

    /** Puts what is in {@code from} into {@code into}; objects are merged, everything else replaced, null removed. */
    private static void merge(ObjectNode into, ObjectNode from) {
        for (Map.Entry<String, JsonNode> entry : from.properties()) {
            JsonNode old = into.get(entry.getKey());
            if (entry.getValue().isNull()) {
                into.remove(entry.getKey());
            } else if (old instanceof ObjectNode object && entry.getValue() instanceof ObjectNode changes) {
                merge(object, changes);
            } else {
                into.set(entry.getKey(), entry.getValue());
            }
        }
    }
}
