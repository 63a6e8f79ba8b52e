package org.medley.training.trainer;

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
 * A lineage as JSON. Every ancestor is told once, where it is met first; later a parent is named by its {@code sha256}
 * alone. Otherwise a common ancestor would be told once for each way to it, and those double with every fusion.
 */
final class LineageFile {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private LineageFile() {}

    static void write(Lineage lineage, Path file) throws IOException {
        JSON.writeValue(file.toFile(), folded(lineage, new HashSet<>()));
    }

    private static ObjectNode folded(Lineage lineage, Set<String> told) {
        ObjectNode node = JSON.valueToTree(with(lineage, List.of()));
        ArrayNode parents = JSON.createArrayNode();
        for (Lineage.Parent parent : lineage.parents()) {
            ObjectNode own = parents.addObject().put("role", parent.role());
            String sha256 = parent.lineage().sha256();
            if (told.contains(sha256)) {
                own.put("sha256", sha256);
            } else {
                own.set("lineage", folded(parent.lineage(), told));
                told.add(sha256);
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

    private static Lineage unfolded(ObjectNode node, Map<String, Lineage> told, Path file)
            throws JsonProcessingException {
        List<Lineage.Parent> parents = new ArrayList<>();
        JsonNode listed = node.remove("parents");
        for (JsonNode parent : listed == null ? JSON.createArrayNode() : listed) {
            Lineage lineage;
            if (parent.path("lineage") instanceof ObjectNode own) {
                lineage = unfolded(own, told, file);
                told.putIfAbsent(lineage.sha256(), lineage);
            } else {
                String sha256 = parent.path("sha256").asText();
                lineage = told.get(sha256);
                if (lineage == null) {
                    throw new BadModelException(
                            file, "names a parent by sha256 '" + sha256 + "', which it has not told of before");
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
