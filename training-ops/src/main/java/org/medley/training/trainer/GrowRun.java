package org.medley.training.trainer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.medley.runtime.network.Trainable;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.ModelFolder;
import org.medley.training.recipe.GrowRecipe;
import org.medley.training.recipe.Recipes;

/** Makes a model deeper by repeating its layers (Du et al. 2024, "Stacking Your Transformers", sec. 3). */
public final class GrowRun {
    private static final Pattern LAYER = Pattern.compile("model\\.layers\\.(\\d+)\\.(.+)");
    /** What a layer adds to the stream goes through these. */
    private static final Pattern ADDS = Pattern.compile(".*(o_proj|down_proj|\\.w2)\\.weight");

    private final GrowRecipe recipe;
    private final Catalog catalog;
    private final RunListener listener;

    public GrowRun(GrowRecipe recipe, Catalog catalog, RunListener listener) {
        this.recipe = recipe;
        this.catalog = catalog;
        this.listener = listener;
    }

    /** @return the lineage of the written model */
    public Lineage run(Path target) throws IOException {
        ModelFolder small = new ModelFolder(catalog.model(recipe.model()));
        int layers = small.config().path("num_hidden_layers").asInt();
        Path file = small.path().resolve("config.json");
        Trainable.shapes(file, small.config()); // refuses what could not be trained afterwards
        ObjectNode config = grown((ObjectNode) small.config(), layers);
        Map<String, int[]> shapes = Trainable.shapes(file, config);
        listener.steps(shapes.size());
        try (Arena arena = Arena.ofShared()) {
            Map<String, Tensor> tensors = small.weights(arena);
            int[] done = {0};
            return ModelWriter.write(
                    target,
                    config,
                    small.path(),
                    shapes,
                    DType.valueOf(recipe.dtype()),
                    name -> {
                        if (listener.cancelled()) {
                            throw new RunCancelledException(done[0]);
                        }
                        listener.metric(++done[0], Map.of());
                        return tensor(tensors, name, layers, small.path());
                    },
                    ModelWriter.Addition.NONE,
                    new Lineage(
                            recipe.name(),
                            "grow",
                            null,
                            Instant.now().toString(),
                            Recipes.write(recipe),
                            List.of(new Lineage.Parent("base", Lineage.read(small.path(), small.sha256()))),
                            List.of(),
                            List.of(),
                            new LinkedHashMap<>(Map.of("layers", (double) layers * recipe.factor()))));
        }
    }

    /** Lists with an entry for each layer are repeated as the layers are. */
    private ObjectNode grown(ObjectNode small, int layers) {
        ObjectNode config = small.deepCopy();
        config.put("num_hidden_layers", layers * recipe.factor());
        small.properties().forEach(entry -> {
            if (entry.getValue() instanceof ArrayNode list
                    && list.size() == layers
                    && entry.getKey().endsWith("types")) {
                for (int i = 1; i < recipe.factor(); i++) {
                    config.withArray(entry.getKey()).addAll(list);
                }
            }
        });
        return config;
    }

    private Tensor tensor(Map<String, Tensor> tensors, String name, int layers, Path model) {
        Matcher layer = LAYER.matcher(name);
        boolean inLayer = layer.matches();
        int index = inLayer ? Integer.parseInt(layer.group(1)) : 0;
        Tensor source = tensors.get(inLayer ? "model.layers." + index % layers + "." + layer.group(2) : name);
        if (source == null) {
            throw new BadModelException(model, "tensor of which " + name + " would be a copy is missing");
        }
        boolean begins = index >= layers && recipe.form() == GrowRecipe.Form.stack_zero;
        return begins && ADDS.matcher(name).matches() ? Tensor.zeros(Arena.ofAuto(), source.shape()) : source;
    }
}
