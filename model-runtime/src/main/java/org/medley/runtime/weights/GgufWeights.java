package org.medley.runtime.weights;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.medley.runtime.tensor.Tensor;

/** The tensors of a GGUF file under Hugging Face's names and in its layouts. */
final class GgufWeights {
    /** Read as part of the configuration, or of no effect on any result. */
    private static final Set<String> NO_WEIGHTS =
            Set.of("rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight");

    private final GgufMetadata metadata;
    private final GgufFamily family;
    private final Arena arena;
    private final Map<String, Tensor> weights = new TreeMap<>();

    private GgufWeights(GgufMetadata metadata, GgufFamily family, Arena arena) {
        this.metadata = metadata;
        this.family = family;
        this.arena = arena;
    }

    /** @param arena where the few tensors go whose rows or values are not as Hugging Face has them */
    static Map<String, Tensor> of(Gguf file, Arena arena) {
        GgufFamily family = GgufFamily.of(file.metadata());
        GgufWeights all = new GgufWeights(file.metadata(), family, arena);
        file.tensors().forEach((name, tensor) -> {
            if (!NO_WEIGHTS.contains(name)) {
                all.add(name, tensor);
            }
        });
        return all.weights;
    }

    private void add(String name, Tensor tensor) {
        String target = family.toHuggingFace(name);
        if (target == null) {
            throw metadata.bad("tensor " + name + " has no place in a model of architecture " + family.gguf);
        }
        try {
            if (target.contains(".*.")) {
                addExperts(target, tensor);
            } else {
                weights.put(target, arranged(name, tensor));
            }
        } catch (IllegalArgumentException e) {
            throw metadata.bad("tensor " + name + ": " + e.getMessage());
        }
    }

    private void addExperts(String target, Tensor stack) {
        int[] shape = stack.shape();
        if (shape.length != 3) {
            throw new IllegalArgumentException(stack + " is no stack of experts' matrices");
        }
        long bytes = stack.data().byteSize() / shape[0];
        for (int expert = 0; expert < shape[0]; expert++) {
            MemorySegment part = stack.data().asSlice(expert * bytes, bytes);
            weights.put(
                    target.replace("*", String.valueOf(expert)),
                    new Tensor(stack.dtype(), Arrays.copyOfRange(shape, 1, 3), part));
        }
    }

    private Tensor arranged(String name, Tensor tensor) {
        if (family.interleaved() && name.matches("blk\\.\\d+\\.attn_[qk]\\..*")) {
            return RowOrder.toHalves(tensor, heads(name.contains("attn_k.")), arena);
        }
        if (family.normsWithOne() && name.endsWith("norm.weight")) {
            Tensor shifted = Formats.toF32(tensor, arena);
            float[] values = shifted.toArray();
            for (int i = 0; i < values.length; i++) {
                values[i] -= 1;
            }
            shifted.copyFrom(values);
            return shifted;
        }
        return tensor;
    }

    private int heads(boolean keys) {
        String count = family.gguf + ".attention.head_count";
        String key = keys && metadata.has(count + "_kv") ? count + "_kv" : count;
        int heads = metadata.count(key);
        if (heads == 0) {
            throw metadata.bad("metadata " + key + " is 0");
        }
        return heads;
    }
}
