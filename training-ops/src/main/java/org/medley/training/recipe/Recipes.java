package org.medley.training.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Optional;

/** Reads recipes strictly: an unknown key, a wrong type or an impossible value is refused with its line. */
public final class Recipes {
    private Recipes() {}

    public static Recipe read(Path file) {
        return completed(WrittenYaml.read(file));
    }

    /** @param where how messages name the recipe */
    public static Recipe parse(String yaml, String where) {
        return completed(WrittenYaml.of(yaml, where));
    }

    /** A recipe that was put together from others' parts. */
    public static Recipe of(JsonNode parts, Origin origin) {
        return completed(Conversion.to(Recipe.class, parts, origin), new Checks(origin));
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

    private static Recipe completed(WrittenYaml written) {
        return completed(written.as(Recipe.class), new Checks(written::at));
    }

    private static Recipe completed(Recipe recipe, Checks checks) {
        Recipe full = switch (recipe) {
            case TrainRecipe train -> train.completed(checks);
            case GrowRecipe grow -> grow.completed(checks);
            case FuseRecipe fuse -> fuse.completed(checks);
        };
        checks.done();
        return full;
    }

    public static String write(Recipe recipe) {
        return Conversion.written(recipe);
    }
}
