package org.medley.training.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.medley.training.recipe.BadRecipeException;
import org.medley.training.recipe.Origin;
import org.medley.training.recipe.Recipes;
import org.medley.training.recipe.TrainRecipe;
import org.medley.training.recipe.WrittenYaml;

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
    /** @throws BadRecipeException if it is not one, or a variant is no recipe */
    public static Experiment read(Path file) {
        WrittenYaml written = WrittenYaml.read(file);
        Experiment experiment = written.as(Experiment.class);
        experiment.check(written);
        return experiment;
    }

    private void check(WrittenYaml written) {
        that(
                name != null && name.matches("[a-z0-9][a-z0-9._-]{0,62}"),
                written.at("name") + "name must be 1 to 63 of a-z 0-9 . _ - and begin with a letter or digit");
        that(recipe != null, written.at("recipe") + "recipe is missing; it says what the variants change");
        that(
                seeds != null && !seeds.isEmpty() && seeds.stream().noneMatch(Objects::isNull),
                written.at("seeds") + "seeds needs at least one whole number, such as seeds: [1, 2, 3]");
        that(
                variants != null && !variants.isEmpty(),
                written.at("variants") + "variants needs at least one, such as variants: {plain: {}}");
        for (String variant : variants.keySet()) {
            String own = "variants." + variant;
            run(variant, seeds.getFirst(), key -> {
                String there = own + "." + key;
                return written.at(written.has(there) ? there : "recipe." + key) + "variant " + variant + ": ";
            });
        }
    }

    private static void that(boolean holds, String problem) {
        if (!holds) {
            throw new BadRecipeException(problem);
        }
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
        return run(variant, seed, key -> "variant " + variant + ": ");
    }

    private TrainRecipe run(String variant, long seed, Origin origin) {
        ObjectNode changed = recipe.deepCopy();
        merge(changed, variants.get(variant) == null ? changed.objectNode() : variants.get(variant));
        changed.put("kind", "train");
        changed.put("name", (variant + "-" + seed).replaceAll("[^a-z0-9._-]", "-"));
        changed.put("seed", seed);
        return (TrainRecipe) Recipes.of(changed, origin);
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
