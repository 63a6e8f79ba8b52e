package org.medley.training.trainer;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.ModelSource;

/**
 * Where a model comes from, kept in its folder as {@code lineage.json}: the recipe, the data by hash, the loss curve, and
 * the same for every model it was made from.
 *
 * @param kind {@code train}, {@code fuse}, {@code grow}, or {@code import} for what was made elsewhere
 * @param sha256 that the model is known by
 * @param recipe as YAML, every default written out
 * @param metrics figures of the finished run, such as loss or tokens trained
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Lineage(
        String name,
        String kind,
        String sha256,
        String createdAt,
        String recipe,
        List<Parent> parents,
        List<DatasetUse> datasets,
        List<Point> curve,
        Map<String, Double> metrics) {
    static final String FILE = "lineage.json";

    public Lineage {
        parents = parents == null ? List.of() : List.copyOf(parents);
        datasets = datasets == null ? List.of() : List.copyOf(datasets);
        curve = curve == null ? List.of() : List.copyOf(curve);
        metrics = metrics == null ? Map.of() : new TreeMap<>(metrics);
    }

    /** @param role what the model was to its child: {@code start}, {@code base}, {@code source} */
    public record Parent(String role, Lineage lineage) {}

    /** @param role absent in a file: it was trained on */
    public record DatasetUse(Role role, String name, String sha256, long examples, long tokens) {
        /** What a dataset was to a run. */
        public enum Role {
            /** The model was trained on it. */
            data,
            /** It was measured on it while it was trained. */
            evaluation
        }

        public DatasetUse {
            role = role == null ? Role.data : role;
        }
    }

    /**
     * What was measured in a step; what was not is null.
     *
     * @param reward mean of the answers that were learned from
     * @param evaluationReward mean of the likeliest answers to held-out prompts
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Point(int step, double loss, Double evaluationLoss, Double reward, Double evaluationReward) {
        boolean measured() {
            return evaluationLoss != null || evaluationReward != null;
        }
    }

    /** The lineage in a model's folder; a model without one, as a GGUF file is, is a root, known by its hash alone. */
    public static Lineage read(Path model, String sha256) {
        Path file = model.resolve(FILE);
        if (!Files.exists(file)) {
            return new Lineage(
                    ModelSource.nameOf(model), "import", sha256, null, null, List.of(), List.of(), List.of(), Map.of());
        }
        try {
            Lineage lineage = LineageFile.read(file);
            if (!sha256.equals(lineage.sha256)) {
                throw new BadModelException(
                        file, "speaks of a model with SHA-256 " + lineage.sha256 + ", but the folder's is " + sha256);
            }
            return lineage;
        } catch (IOException e) {
            throw new BadModelException(file, "is not a lineage: " + e.getMessage(), e);
        }
    }

    public void write(Path folder) throws IOException {
        LineageFile.write(this, folder.resolve(FILE));
    }
}
