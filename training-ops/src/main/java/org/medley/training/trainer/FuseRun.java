package org.medley.training.trainer;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.ModelFolder;
import org.medley.training.fusion.Merge;
import org.medley.training.recipe.BadRecipeException;
import org.medley.training.recipe.FuseRecipe;
import org.medley.training.recipe.Recipes;

/**
 * One fusion from recipe to model folder, tensor by tensor: sources stay mapped, and memory holds one tensor of each
 * model at a time. Everything that could not fit is found before the first byte is written.
 */
public final class FuseRun {
    private final FuseRecipe recipe;
    private final Catalog catalog;
    private final RunListener listener;

    public FuseRun(FuseRecipe recipe, Catalog catalog, RunListener listener) {
        this.recipe = recipe;
        this.catalog = catalog;
        this.listener = listener;
    }

    private record Source(String reference, ModelFolder folder, Map<String, Tensor> tensors) {}

    /** @return the lineage of the written model */
    public Lineage run(Path target) throws IOException {
        try (Arena arena = Arena.ofShared()) {
            List<Source> models = new ArrayList<>();
            for (FuseRecipe.Source source : recipe.models()) {
                models.add(open(source.model(), arena));
            }
            Source base = recipe.base() == null ? null : open(recipe.base(), arena);
            Source first = base != null ? base : models.getFirst();
            for (Source model : models) {
                checkFits(first, model);
            }
            Map<String, int[]> shapes = new LinkedHashMap<>();
            first.tensors.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
            listener.steps(shapes.size());
            double[] weights = recipe.models().stream()
                    .mapToDouble(FuseRecipe.Source::weight)
                    .toArray();
            double[] densities = recipe.models().stream()
                    .mapToDouble(m -> m.density() == null ? 1 : m.density())
                    .toArray();
            int[] done = {0};
            return ModelWriter.write(
                    target,
                    (ObjectNode) first.folder.config(),
                    first.folder.path(),
                    shapes,
                    DType.valueOf(recipe.dtype()),
                    name -> {
                        if (listener.cancelled()) {
                            throw new RunCancelledException(done[0]);
                        }
                        Tensor merged = merge(name, base, models, weights, densities);
                        done[0]++;
                        listener.metric(done[0], Map.of());
                        return merged;
                    },
                    ModelWriter.Addition.NONE,
                    lineage(base, models));
        }
    }

    private Source open(String reference, Arena arena) {
        ModelFolder folder = new ModelFolder(catalog.model(reference));
        return new Source(reference, folder, folder.weights(arena));
    }

    private void checkFits(Source first, Source other) throws IOException {
        if (Files.mismatch(first.folder.tokenizer(), other.folder.tokenizer()) >= 0) {
            throw new BadRecipeException(recipe.name() + ": models " + first.reference + " and " + other.reference
                    + " have different tokenizers; weights can be merged only over one vocabulary");
        }
        if (!first.tensors.keySet().equals(other.tensors.keySet())) {
            throw new BadRecipeException(recipe.name() + ": models " + first.reference + " and " + other.reference
                    + " consist of different tensors");
        }
        first.tensors.forEach((name, tensor) -> {
            if (!Arrays.equals(tensor.shape(), other.tensors.get(name).shape())) {
                throw new BadRecipeException(recipe.name() + ": tensor " + name + " is " + tensor + " in "
                        + first.reference + " and " + other.tensors.get(name) + " in " + other.reference);
            }
        });
    }

    private Tensor merge(String name, Source base, List<Source> models, double[] weights, double[] densities) {
        float[][] values = new float[models.size()][];
        for (int m = 0; m < values.length; m++) {
            values[m] = models.get(m).tensors.get(name).toArray();
        }
        float[] merged = Merge.merge(
                recipe.method(),
                base == null ? null : base.tensors.get(name).toArray(),
                values,
                weights,
                densities,
                recipe.normalize(),
                recipe.lambda());
        for (float value : merged) {
            if (!Float.isFinite(value)) {
                throw new BadModelException(
                        models.getFirst().folder.path(),
                        "merging tensor " + name + " gives a value that is not finite");
            }
        }
        return Tensor.of(
                Arena.ofAuto(), merged, models.getFirst().tensors.get(name).shape());
    }

    private Lineage lineage(Source base, List<Source> models) {
        List<Lineage.Parent> parents = new ArrayList<>();
        if (base != null) {
            parents.add(parent("base", base));
        }
        models.forEach(model -> parents.add(parent("source", model)));
        return new Lineage(
                recipe.name(),
                "fuse",
                null,
                Instant.now().toString(),
                Recipes.write(recipe),
                parents,
                List.of(),
                List.of(),
                Map.of());
    }

    private static Lineage.Parent parent(String role, Source source) {
        return new Lineage.Parent(role, Lineage.read(source.folder.path(), source.folder.sha256()));
    }
}
