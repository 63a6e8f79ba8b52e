package org.medley.training.trainer;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.medley.runtime.weights.BadModelException;

/**
 * A lineage as JSON. Every ancestor is told once, where it is met first; later a parent is only named, under {@code told}.
 * Otherwise a common ancestor would be told once for each way to it, and those double with every fusion.
 */
final class LineageFile {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private LineageFile() {}

    /** What an ancestor is known by: two runs may make the same weights. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    private record Told(String name, String sha256, String createdAt) {
        static Told of(Lineage lineage) {
            return new Told(lineage.name(), lineage.sha256(), lineage.createdAt());
        }
    }

    static void write(Lineage lineage, Path file) throws IOException {
        JSON.writeValue(file.toFile(), folded(lineage, new HashSet<>()));
    }

    private static ObjectNode folded(Lineage lineage, Set<Told> told) {
        ObjectNode node = JSON.valueToTree(with(lineage, List.of()));
        ArrayNode parents = JSON.createArrayNode();
        for (Lineage.Parent parent : lineage.parents()) {
            ObjectNode own = parents.addObject().put("role", parent.role());
            Told known = Told.of(parent.lineage());
            if (told.contains(known)) {
                own.set("told", JSON.valueToTree(known));
            } else {
                own.set("lineage", folded(parent.lineage(), told));
                told.add(known);
            }
        }
        if (!parents.isEmpty()) {
            node.set("parents", parents);
        }
        return node;
    }

    /** @throws BadModelException if a parent is named that was not told before */
    static Lineage read(Path file) throws IOException {
        JsonNode node = JSON.readTree(file.toFile());
        if (!(node instanceof ObjectNode root)) {
            throw new BadModelException(file, "is not a JSON object");
        }
        return unfolded(root, new HashMap<>(), file);
    }

    private static Lineage unfolded(ObjectNode node, Map<Told, Lineage> told, Path file)
            throws JsonProcessingException {
        List<Lineage.Parent> parents = new ArrayList<>();
        JsonNode listed = node.remove("parents");
        for (JsonNode parent : listed == null ? JSON.createArrayNode() : listed) {
            Lineage lineage;
            if (parent.path("lineage") instanceof ObjectNode own) {
                lineage = unfolded(own, told, file);
                told.putIfAbsent(Told.of(lineage), lineage);
            } else {
                Told known = JSON.treeToValue(parent.path("told"), Told.class);
                lineage = told.get(known);
                if (lineage == null) {
                    throw new BadModelException(file, "names a parent, " + known + ", which it has not told of before");
                }
            }
            parents.add(new Lineage.Parent(parent.path("role").asText(), lineage));
        }
        return with(JSON.treeToValue(node, Lineage.class), parents);
    }

    private static Lineage with(Lineage lineage, List<Lineage.Parent> parents) {
        return new Lineage(
                lineage.name(),
                lineage.kind(),
                lineage.sha256(),
                lineage.createdAt(),
                lineage.recipe(),
                parents,
                lineage.datasets(),
                lineage.curve(),
                lineage.metrics());
    }
}
