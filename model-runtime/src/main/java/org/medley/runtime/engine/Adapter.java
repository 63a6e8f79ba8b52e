package org.medley.runtime.engine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.medley.runtime.tensor.LowRank;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.Formats;
import org.medley.runtime.weights.Safetensors;

/**
 * Low-rank additions to a model's matrices (LoRA, Hu et al. 2022): a linear layer {@code x·wᵀ} becomes
 * {@code x·wᵀ + scale · (x·aᵀ)·bᵀ}. Read from a folder as PEFT writes it.
 */
final class Adapter implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern NAME =
            Pattern.compile("base_model\\.model\\.(.+)\\.lora_([AB])(\\.default)?\\.weight");

    /** Mixtures choose rows and experts by themselves, where no addition could follow. */
    private static final Pattern OF_MIXTURE =
            Pattern.compile("(.+\\.)?((mlp|block_sparse_moe)\\.gate|experts(\\..+)?)");

    private final Arena arena;
    private final Map<Tensor, LowRank> deltas;

    private Adapter(Arena arena, Map<Tensor, LowRank> deltas) {
        this.arena = arena;
        this.deltas = deltas;
    }

    /**
     * @param matrices the base model's, by name
     * @throws BadModelException if it is no LoRA adapter, not one of this model, or one of a mixture's experts or router
     */
    static Adapter read(Path folder, Map<String, Tensor> matrices) {
        Arena arena = Arena.ofShared();
        try {
            return new Adapter(arena, deltas(folder, matrices, arena));
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    private static Map<Tensor, LowRank> deltas(Path folder, Map<String, Tensor> matrices, Arena arena) {
        Path file = folder.resolve("adapter_model.safetensors");
        Map<String, Tensor> tensors = Safetensors.map(file, arena).tensors();
        float scale = scale(folder.resolve("adapter_config.json"));
        Map<Tensor, LowRank> deltas = new IdentityHashMap<>();
        for (String name : tensors.keySet()) {
            Matcher parts = NAME.matcher(name);
            if (!parts.matches()) {
                throw new BadModelException(file, "tensor " + name + " is no LoRA matrix of a linear layer");
            }
            if (parts.group(2).equals("B")) {
                continue;
            }
            if (OF_MIXTURE.matcher(parts.group(1)).matches()) {
                throw new BadModelException(
                        file,
                        "tensor " + name + " adapts an expert or the router of a mixture; those of attention and of"
                                + " single MLPs can be adapted");
            }
            Tensor base = matrices.get(parts.group(1) + ".weight");
            if (base == null) {
                throw new BadModelException(file, "tensor " + name + " adapts a layer that the base model has not");
            }
            Tensor b = tensors.get(name.replace(".lora_A", ".lora_B"));
            Tensor a = tensors.get(name);
            if (b == null || a.cols() != base.cols() || b.rows() != base.rows() || b.cols() != a.rows()) {
                throw new BadModelException(
                        file, "tensor " + name + " is " + a + ", its partner " + b + "; they do not fit " + base);
            }
            deltas.put(base, new LowRank(Formats.toF32(a, arena), Formats.toF32(b, arena), scale));
        }
        if (deltas.isEmpty() || 2 * deltas.size() != tensors.size()) {
            throw new BadModelException(
                    file,
                    "holds " + tensors.size() + " tensors, of which " + deltas.size() + " are first halves of pairs");
        }
        return deltas;
    }

    private static float scale(Path file) {
        JsonNode config;
        try {
            config = JSON.readTree(file.toFile());
        } catch (IOException e) {
            throw new BadModelException(file, "is not valid JSON: " + e.getMessage(), e);
        }
        if (!config.path("peft_type").asText().equals("LORA")
                || config.path("use_dora").asBoolean(false)
                || !config.path("modules_to_save").isEmpty()) {
            throw new BadModelException(
                    file, "is not a plain LoRA adapter (peft_type LORA, no DoRA, no modules_to_save)");
        }
        double alpha = config.path("lora_alpha").asDouble(Double.NaN);
        int rank = config.path("r").asInt(0);
        if (rank < 1 || !Double.isFinite(alpha)) {
            throw new BadModelException(
                    file,
                    "r is " + config.get("r") + " and lora_alpha " + config.get("lora_alpha")
                            + "; both must be numbers, the first at least 1");
        }
        return (float) (alpha / (config.path("use_rslora").asBoolean(false) ? Math.sqrt(rank) : rank));
    }

    /** Null if the matrix is not adapted. */
    LowRank of(Tensor matrix) {
        return deltas.get(matrix);
    }

    List<Tensor> matrices() {
        List<Tensor> all = new ArrayList<>();
        deltas.values().forEach(delta -> all.addAll(List.of(delta.a(), delta.b())));
        return all;
    }

    Arena arena() {
        return arena;
    }

    @Override
    public void close() {
        arena.close();
    }
}
