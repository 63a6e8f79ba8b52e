package org.medley.platform.model;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonRawValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.medley.platform.dataset.DatasetRegistry.Described;
import org.medley.training.recipe.FuseRecipe;
import org.medley.training.recipe.GrowRecipe;
import org.medley.training.recipe.Recipe;
import org.medley.training.recipe.Recipes;
import org.medley.training.recipe.TrainRecipe;
import org.medley.training.trainer.Lineage;

/** All a model comes from: model to the run that made it, run to the models and datasets it was made from. */
record LineageGraph(UUID root, List<LineageNode> nodes, List<LineageEdge> edges) {

    @JsonInclude(JsonInclude.Include.NON_NULL)
    record LineageNode(
            String id,
            Kind kind,
            String label,
            String sha256,
            Map<String, Object> detail,

            @JsonRawValue @Schema(implementation = Lineage.Point[].class)
            String curve,

            String recipe) {}

    /** What a node stands for. */
    enum Kind {
        model,
        run,
        dataset
    }

    record LineageEdge(String from, String to, String role) {}

    /** @param described what is known of a model's dataset; empty for one that never was registered here */
    static LineageGraph of(ModelVersion root, Function<ModelVersion.DatasetLink, Optional<Described>> described) {
        Map<String, LineageNode> nodes = new LinkedHashMap<>();
        List<LineageEdge> edges = new ArrayList<>();
        add(root, described, nodes, edges);
        return new LineageGraph(root.id, List.copyOf(nodes.values()), edges);
    }

    private static void add(
            ModelVersion model,
            Function<ModelVersion.DatasetLink, Optional<Described>> described,
            Map<String, LineageNode> nodes,
            List<LineageEdge> edges) {
        String id = model.id.toString();
        if (nodes.containsKey(id)) {
            return;
        }
        nodes.put(
                id,
                new LineageNode(
                        id,
                        Kind.model,
                        model.name + " " + model.version,
                        model.sha256,
                        Map.of(
                                "name", model.name,
                                "version", model.version,
                                "kind", model.kind,
                                "createdAt", model.createdAt.toString(),
                                "servable", model.isServable()),
                        null,
                        null));
        if (model.kind.equals("import")) {
            return;
        }
        String run = "run-" + id;
        nodes.put(
                run,
                new LineageNode(
                        run,
                        Kind.run,
                        Recipes.recorded(model.recipe)
                                .map(LineageGraph::runLabel)
                                .orElse("Run"),
                        null,
                        Map.of("kind", model.kind),
                        // A fusion has no curve: it learns nothing.
                        model.curve.equals("[]") ? null : model.curve,
                        model.recipe));
        edges.add(new LineageEdge(id, run, "made by"));
        for (ModelVersion.DatasetLink data : model.datasets) {
            String dataset = "dataset-" + data.sha256;
            nodes.putIfAbsent(
                    dataset,
                    new LineageNode(
                            dataset,
                            Kind.dataset,
                            data.name,
                            data.sha256,
                            facts(data, described.apply(data)),
                            null,
                            null));
            edges.add(new LineageEdge(run, dataset, data.role.name()));
        }
        for (ModelVersion.ParentLink link : model.parents) {
            add(link.parent, described, nodes, edges);
            edges.add(new LineageEdge(run, link.parent.id.toString(), link.role));
        }
    }

    private static String runLabel(Recipe recipe) {
        return switch (recipe) {
            case FuseRecipe fusion -> "Fusion";
            case GrowRecipe growth -> "Growth";
            case TrainRecipe training ->
                switch (training.stage()) {
                    case pretrain -> "Pre-training";
                    case finetune -> "Fine-tuning";
                    case reinforce -> "Reinforcement";
                };
        };
    }

    private static Map<String, Object> facts(ModelVersion.DatasetLink data, Optional<Described> described) {
        Map<String, Object> facts = new LinkedHashMap<>();
        described.ifPresent(version -> {
            facts.put("dataset", version.name() + "@" + version.version());
            facts.put("datasetId", version.id().toString());
            facts.put("licence", version.licence());
            facts.put("consentBasis", version.consentBasis());
            facts.put("phiClass", version.phiClass());
            facts.put("clinical", version.clinical());
            facts.put("deIdentified", version.deIdentified());
        });
        facts.put("examples", data.examples);
        facts.put("tokens", data.tokens);
        return facts;
    }
}
