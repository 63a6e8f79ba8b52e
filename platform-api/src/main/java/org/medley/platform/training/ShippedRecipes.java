package org.medley.platform.training;

import io.quarkus.runtime.util.ClassPathUtils;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.medley.training.recipe.FuseRecipe;
import org.medley.training.recipe.GrowRecipe;
import org.medley.training.recipe.Recipe;
import org.medley.training.recipe.Recipes;
import org.medley.training.recipe.TrainRecipe;

/** Recipes that come with Medley, to try out and to change. */
@ApplicationScoped
class ShippedRecipes {
    private final List<RecipeView> recipes = load();

    record RecipeView(String name, String kind, String description, String yaml) {}

    List<RecipeView> all() {
        return recipes;
    }

    static String kind(Recipe recipe) {
        return switch (recipe) {
            case TrainRecipe train -> "train";
            case GrowRecipe grow -> "grow";
            case FuseRecipe fuse -> "fuse";
        };
    }

    private static List<RecipeView> load() {
        List<RecipeView> found = new ArrayList<>();
        try {
            ClassPathUtils.consumeAsPaths("recipes", folder -> {
                try (Stream<Path> files = Files.list(folder)) {
                    files.filter(file -> file.getFileName().toString().endsWith(".yaml"))
                            .map(ShippedRecipes::view)
                            .forEach(found::add);
                } catch (IOException e) {
                    throw new UncheckedIOException("the shipped recipes cannot be read", e);
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException("the shipped recipes cannot be read", e);
        }
        found.sort(Comparator.comparing(RecipeView::name));
        return List.copyOf(found);
    }

    private static RecipeView view(Path file) {
        try {
            String yaml = Files.readString(file);
            Recipe recipe = Recipes.parse(yaml, file.getFileName().toString());
            String description = recipe.description() == null ? "" : recipe.description();
            return new RecipeView(recipe.name(), kind(recipe), description, yaml);
        } catch (IOException e) {
            throw new UncheckedIOException("the shipped recipe " + file + " cannot be read", e);
        }
    }
}
