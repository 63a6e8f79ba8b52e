package org.medley.training.trainer;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.medley.training.job.PinnedDataset;
import org.medley.training.recipe.BadRecipeException;

/**
 * Where a recipe's names lead: a model NAME to {@code models/NAME}, a dataset NAME to the folder
 * {@code datasets/NAME} or the file {@code datasets/NAME.jsonl}, .parquet, .txt or .md. On
 * the command line a name with a slash is a path beside the recipe; a recipe that came over the network may not use one.
 *
 * @param base folder that paths are relative to, or null to refuse paths
 * @param pins names of datasets that mean a certain content, wherever it lies in {@code datasets}
 */
public record Catalog(Path models, Path datasets, Path base, Map<String, PinnedDataset> pins) {
    public Catalog(Path models, Path datasets, Path base) {
        this(models, datasets, base, Map.of());
    }

    /** The same, in which some names of datasets mean a certain content. */
    public Catalog pinned(Map<String, PinnedDataset> names) {
        return new Catalog(models, datasets, base, Map.copyOf(names));
    }

    public Path model(String reference) {
        Path folder = isPath(reference) ? path(reference) : models.resolve(checked(reference));
        if (!Files.isRegularFile(folder.resolve("config.json"))) {
            throw new BadRecipeException("there is no model '" + reference + "' whose files are here"
                    + place(folder.resolve("config.json")));
        }
        return folder;
    }

    public Path dataset(String reference) {
        PinnedDataset pin = pins.get(reference);
        if (pin != null) {
            Path kept = datasets.resolve(pin.file());
            if (!Files.exists(kept)) {
                throw new BadRecipeException("the content of dataset '" + reference + "' is not here any more");
            }
            return kept;
        }
        List<Path> possible = isPath(reference)
                ? List.of(path(reference))
                : Stream.of(".jsonl", ".parquet", ".txt", ".md", "")
                        .map(end -> datasets.resolve(checked(reference) + end))
                        .toList();
        return possible.stream()
                .filter(Files::exists)
                .findFirst()
                .orElseThrow(() -> new BadRecipeException("there is no dataset '" + reference + "'"
                        + (isPath(reference) ? place(possible.getFirst()) : named(reference))));
    }

    /** @throws BadRecipeException if a dataset's content, as it was read, is not what its name was pinned to */
    void check(String reference, String sha256) {
        PinnedDataset pin = pins.get(reference);
        if (pin != null && !pin.sha256().equals(sha256)) {
            throw new BadRecipeException(
                    "dataset '" + reference + "' was changed after the job was submitted: its SHA-256 is " + sha256
                            + " now and was " + pin.sha256() + "; register it again and submit a new job");
        }
    }

    /** Where it was looked for; whoever sends recipes over the network is not told the server's folders. */
    private String place(Path looked) {
        return base == null ? "" : " (looked for " + looked + ")";
    }

    private String named(String reference) {
        return "; it is a folder " + reference + " or a file " + reference + ".jsonl, .parquet, .txt or .md"
                + (base == null ? "" : " in " + datasets);
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
