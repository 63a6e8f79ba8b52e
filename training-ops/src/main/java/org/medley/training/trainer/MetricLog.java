package org.medley.training.trainer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A run's figures, one JSON line per step, and one for what was measured before the first. Lines past
 * the checkpoint a run continues from are dropped: it repeats them.
 */
final class MetricLog {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path file;
    private final List<Lineage.Point> points = new ArrayList<>();

    private MetricLog(Path file) {
        this.file = file;
    }

    static MetricLog open(Path file, int steps) throws IOException {
        MetricLog log = new MetricLog(file);
        List<String> kept = new ArrayList<>();
        if (steps > 0 && Files.exists(file)) {
            for (String line : Files.readAllLines(file)) {
                JsonNode node = line.endsWith("}") ? JSON.readTree(line) : null;
                if (node != null && node.path("step").asInt() <= steps) {
                    kept.add(line);
                    log.add(node);
                }
            }
        }
        Files.write(file, kept);
        return log;
    }

    private static Lineage.Point point(JsonNode node) {
        return new Lineage.Point(
                node.path("step").asInt(),
                node.path("loss").asDouble(),
                number(node, "evaluationLoss"),
                number(node, "reward"),
                number(node, "evaluationReward"));
    }

    private static Double number(JsonNode node, String name) {
        return node.has(name) ? node.get(name).asDouble() : null;
    }

    void append(int step, Map<String, Double> values) throws IOException {
        ObjectNode node = JSON.createObjectNode().put("step", step);
        values.forEach(node::put);
        Files.writeString(file, node + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        add(node);
    }

    /** What was measured before the first step is no step's. */
    private void add(JsonNode node) {
        if (node.has("loss")) {
            points.add(point(node));
        }
    }

    /** At most about {@code most} points, every measured evaluation and the last step among them. */
    List<Lineage.Point> curve(int most) {
        int stride = Math.max(1, points.size() / most);
        List<Lineage.Point> curve = new ArrayList<>();
        for (int i = 0; i < points.size(); i++) {
            if (i % stride == 0 || points.get(i).measured() || i == points.size() - 1) {
                curve.add(points.get(i));
            }
        }
        return curve;
    }
}
