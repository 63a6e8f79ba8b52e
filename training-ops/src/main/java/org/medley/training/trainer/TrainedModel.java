package org.medley.training.trainer;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medley.runtime.network.Trainable;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.training.recipe.Recipes;
import org.medley.training.recipe.TrainRecipe;

/** What a run made, as a checkpoint of the family it is of. */
final class TrainedModel {
    private static final int CURVE_POINTS = 200;

    private final TrainRecipe recipe;
    private final Start start;
    private final Lineage parent;
    private final Trainable model;
    private final ModelWriter.Addition addition;

    /**
     * @param trained the model that was trained; it is overwritten by the result, unless that is an adaptation's
     * @param values of what was trained, by name
     * @param arena how long the model that is written lives
     */
    TrainedModel(
            TrainRecipe recipe,
            Start start,
            Lineage parent,
            Trainable trained,
            Adaptation adaptation,
            Map<String, Tensor> values,
            Arena arena) {
        this.recipe = recipe;
        this.start = start;
        this.parent = parent;
        if (adaptation == null) {
            model = trained;
            addition = ModelWriter.Addition.NONE;
            values.forEach((name, tensor) -> model.parameters().get(name).copyFrom(tensor));
        } else {
            // What was adapted may hold rounded weights.
            model = start.load(recipe.seed(), recipe.sequence(), arena);
            adaptation.mergeInto(model, values);
            String base = start.from() == null ? recipe.name() : recipe.model().from();
            addition =
                    folder -> AdapterFolder.write(folder.resolve(AdapterFolder.NAME), recipe.adapter(), base, values);
        }
        model.settle();
    }

    Lineage write(Path target, List<Lineage.DatasetUse> uses, MetricLog log, long tokens) throws IOException {
        List<Lineage.Parent> parents = parent == null ? List.of() : List.of(new Lineage.Parent("start", parent));
        Map<String, int[]> shapes = new LinkedHashMap<>();
        model.stored().forEach((name, tensor) -> shapes.put(name, tensor.shape()));
        List<Lineage.Point> curve = log.curve(CURVE_POINTS);
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("finalLoss", curve.getLast().loss());
        if (curve.getLast().evaluationLoss() != null) {
            metrics.put("evaluationLoss", curve.getLast().evaluationLoss());
        }
        if (curve.getLast().evaluationReward() != null) {
            metrics.put("evaluationReward", curve.getLast().evaluationReward());
        }
        metrics.put("tokens", (double) tokens);
        metrics.put("parameters", (double)
                model.stored().values().stream().mapToLong(Tensor::size).sum());
        return ModelWriter.write(
                target,
                start.config().deepCopy(),
                start.text().path(),
                shapes,
                DType.valueOf(recipe.dtype()),
                model.stored()::get,
                addition,
                new Lineage(
                        recipe.name(),
                        "train",
                        null,
                        Instant.now().toString(),
                        Recipes.write(recipe),
                        parents,
                        uses,
                        curve,
                        metrics));
    }
}
