package org.medley.platform.training;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.medley.platform.training.RecipeCheck.Checked;
import org.medley.training.recipe.BadRecipeException;
import org.medley.training.recipe.Recipes;
import org.medley.training.recipe.TrainRecipe;

/**
 * Whether a recipe can be started.
 *
 * @param recipe as YAML with all defaults, if it can
 * @param refusal why not, if it cannot
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Validation(
        boolean valid,
        String name,
        String kind,
        String stage,
        String recipe,
        List<DatasetMeant> datasets,
        Refusal refusal) {
    private static final Pattern PLACE =
            Pattern.compile("^" + RecipeCheck.WHERE + "(?::(\\d+))?: (.*)$", Pattern.DOTALL);

    private static final Pattern FURTHER = Pattern.compile("\n" + RecipeCheck.WHERE + ":(\\d+): ");

    /**
     * @param line from 1, of the first thing that is wrong; absent if that has no place
     * @param message what that is, and in further lines what else is wrong
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Refusal(Integer line, String message) {}

    /** What a recipe's name of a dataset means now. */
    record DatasetMeant(String reference, UUID id, String name, int version, String sha256) {}

    static Validation of(RecipeCheck check, UUID tenant, String yaml) {
        try {
            Checked checked = check.of(tenant, yaml);
            return new Validation(
                    true,
                    checked.recipe().name(),
                    ShippedRecipes.kind(checked.recipe()),
                    checked.recipe() instanceof TrainRecipe train
                            ? train.stage().name()
                            : null,
                    Recipes.write(checked.recipe()),
                    checked.datasets().entrySet().stream()
                            .map(e -> new DatasetMeant(
                                    e.getKey(),
                                    e.getValue().id(),
                                    e.getValue().name(),
                                    e.getValue().version(),
                                    e.getValue().sha256()))
                            .toList(),
                    null);
        } catch (BadRecipeException e) {
            return new Validation(false, null, null, null, null, null, refusal(e.getMessage()));
        }
    }

    private static Refusal refusal(String message) {
        Matcher placed = PLACE.matcher(message);
        if (!placed.matches()) {
            return new Refusal(null, message);
        }
        String line = placed.group(1);
        String further = FURTHER.matcher(placed.group(2)).replaceAll("\nLine $1: ");
        return new Refusal(line == null ? null : (Integer) Integer.parseInt(line), further);
    }
}
