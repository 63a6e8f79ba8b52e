package org.medley.training.trainer;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.medley.training.recipe.BadRecipeException;

/**
 * Where a recipe's names lead: a model NAME to {@code models/NAME}, a dataset NAME to the folder
 * {@code datasets/NAME} or the file {@code datasets/NAME.jsonl}, .parquet, .txt or .md. On
 * the command line a name with a slash is a path beside the recipe; a recipe that came over the network may not use one.
 *
 * @param base folder that paths are relative to, or null to refuse paths
 */
public record Catalog(Path models, Path datasets, Path base) {
    public Path model(String reference) {
        Path folder = isPath(reference) ? path(reference) : models.resolve(checked(reference));
        if (!Files.isRegularFile(folder.resolve("config.json"))) {
            throw new BadRecipeException(
                    "there is no model '" + reference + "'" + place(folder.resolve("config.json")));
        }
        return folder;
    }

    public Path dataset(String reference) {
        List<Path> possible = isPath(reference)
                ? List.of(path(reference))
                : Stream.of(".jsonl", ".parquet", ".txt", ".md", "")
                        .map(end -> datasets.resolve(checked(reference) + end))
                        .toList();
        return possible.stream()
                .filter(Files::exists)
                .findFirst()
                .orElseThrow(() ->
                        new BadRecipeException("there is no dataset '" + reference + "'" + place(possible.getFirst())));
    }

    /** Where it was looked for; whoever sends recipes over the network is not told the server's folders. */
    private String place(Path looked) {
        return base == null ? "" : " (looked for " + looked + ")";
    }

    private static boolean isPath(String reference) {
        return reference.contains("/") || reference.contains("\\");
    }

    private Path path(String reference) {
        if (base == null) {
            throw new BadRecipeException("'" + reference + "' is a path; use the name of a model or dataset here");
        }
        return base.resolve(reference).normalize();
    }

    private static String checked(String name) {
        if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
            throw new BadRecipeException("'" + name + "' is no name of a model or dataset: a-z 0-9 . _ - are possible");
        }
        return name;
    }
}
