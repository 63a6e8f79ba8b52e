package org.medley.platform.training;

import jakarta.enterprise.context.ApplicationScoped;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.medley.platform.dataset.DatasetRegistry;
import org.medley.platform.dataset.DatasetRegistry.Resolved;
import org.medley.training.data.Format;
import org.medley.training.job.PinnedDataset;
import org.medley.training.recipe.BadRecipeException;
import org.medley.training.recipe.DataSection;
import org.medley.training.recipe.FuseRecipe;
import org.medley.training.recipe.GrowRecipe;
import org.medley.training.recipe.Recipe;
import org.medley.training.recipe.Recipes;
import org.medley.training.recipe.TrainRecipe;
import org.medley.training.trainer.Catalog;

/** Whether a recipe can run: what is missing is said now, with its line, not when the job's turn comes. */
@ApplicationScoped
class RecipeCheck {
    /** How refusals call the text. */
    static final String WHERE = "recipe";

    private final RecipeRuns runs;
    private final DatasetRegistry datasets;

    RecipeCheck(RecipeRuns runs, DatasetRegistry datasets) {
        this.runs = runs;
        this.datasets = datasets;
    }

    /**
     * A recipe that can run.
     *
     * @param recipe with all defaults
     * @param datasets the versions that its names mean
     */
    record Checked(Recipe recipe, Map<String, Resolved> datasets) {
        Map<String, PinnedDataset> pins() {
            return datasets.entrySet().stream()
                    .collect(Collectors.toMap(
                            Map.Entry::getKey, entry -> entry.getValue().pin()));
        }
    }

    /** @throws BadRecipeException with the line, if there is one */
    Checked of(UUID tenant, String yaml) {
        return new Check(tenant, yaml, runs.catalog(tenant)).run();
    }

    private final class Check {
        private final UUID tenant;
        private final String yaml;
        private final Catalog catalog;
        private final Map<String, Resolved> resolved = new LinkedHashMap<>();

        private Check(UUID tenant, String yaml, Catalog catalog) {
            this.tenant = tenant;
            this.yaml = yaml;
            this.catalog = catalog;
        }

        private Checked run() {
            Recipe recipe = Recipes.parse(yaml, WHERE);
            switch (recipe) {
                case TrainRecipe train -> {
                    data("data", train.data());
                    if (train.evaluation() != null) {
                        data("evaluation.data", train.evaluation().data());
                    }
                    model("model.from", train.model().from());
                    model("model.tokenizer", train.model().tokenizer());
                }
                case GrowRecipe grow -> model("model", grow.model());
                case FuseRecipe fuse -> {
                    for (int i = 0; i < fuse.models().size(); i++) {
                        model("models[" + i + "].model", fuse.models().get(i).model());
                    }
                    model("base", fuse.base());
                }
            }
            return new Checked(recipe, resolved);
        }

        private void data(String key, List<DataSection> mix) {
            for (int i = 0; i < mix.size(); i++) {
                String reference = mix.get(i).dataset();
                at(key + "[" + i + "].dataset", () -> resolved.put(reference, datasets.resolve(tenant, reference)));
                Format format = mix.get(i).format();
                at(key + "[" + i + "].format", () -> datasets.check(tenant, resolved.get(reference), format));
            }
        }

        private void model(String key, String reference) {
            if (reference != null) {
                at(key, () -> catalog.model(reference));
            }
        }

        private void at(String key, Runnable check) {
            try {
                check.run();
            } catch (BadRecipeException e) {
                int line = Recipes.line(yaml, key);
                throw new BadRecipeException(
                        WHERE + (line == 0 ? "" : ":" + line) + ": " + key + ": " + e.getMessage(), e);
            }
        }
    }
}
