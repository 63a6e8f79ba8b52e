package org.medley.runtime.network;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.weights.BadModelException;

/** Phi-3 is a Llama whose checkpoints hold query, key and value as one matrix, and so gate and up: views take it apart. */
final class Phi3 {
    private Phi3() {}

    static Map<String, Tensor> apart(Path model, DecoderConfig config, Map<String, Tensor> tensors) {
        int queries = config.heads().count() * config.heads().size();
        int keys = config.heads().kv() * config.heads().size();
        Map<String, Tensor> all = new TreeMap<>(tensors);
        for (int i = 0; i < config.layers(); i++) {
            String layer = "model.layers." + i + ".";
            Tensor qkv = take(model, all, layer + "self_attn.qkv_proj.weight", queries + 2 * keys);
            all.put(layer + "self_attn.q_proj.weight", qkv.slice(0, queries));
            all.put(layer + "self_attn.k_proj.weight", qkv.slice(queries, keys));
            all.put(layer + "self_attn.v_proj.weight", qkv.slice(queries + keys, keys));
            Tensor gateUp = take(model, all, layer + "mlp.gate_up_proj.weight", 2 * config.intermediate());
            all.put(layer + "mlp.gate_proj.weight", gateUp.slice(0, config.intermediate()));
            all.put(layer + "mlp.up_proj.weight", gateUp.slice(config.intermediate(), config.intermediate()));
        }
        return all;
    }

    /** The shapes of a checkpoint whose parts have these. */
    static Map<String, int[]> together(Map<String, int[]> apart) {
        Map<String, int[]> together = new LinkedHashMap<>();
        apart.forEach((name, shape) -> together.merge(
                name.replaceFirst("[qkv]_proj", "qkv_proj").replaceFirst("\\.(gate|up)_proj", ".gate_up_proj"),
                shape,
                (a, b) -> new int[] {a[0] + b[0], a[1]}));
        return together;
    }

    private static Tensor take(Path model, Map<String, Tensor> tensors, String name, int rows) {
        Tensor tensor = tensors.remove(name);
        if (tensor == null || tensor.rows() != rows) {
            throw new BadModelException(
                    model,
                    "tensor " + name + " is " + (tensor == null ? "missing" : tensor) + "; it needs " + rows + " rows");
        }
        return tensor;
    }
}
