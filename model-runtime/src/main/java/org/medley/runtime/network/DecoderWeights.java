package org.medley.runtime.network;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.weights.BadModelException;

/** The decoder's tensors by role; absent optional ones are null. Shapes are checked here, once. */
public record DecoderWeights(Tensor embedding, List<Layer> layers, Tensor finalNorm, Tensor head) {
    /** One block. Linear weights are [out, in], norms and biases [width]. Without a router there is one MLP. */
    public record Layer(
            Tensor attentionNorm,
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor qBias,
            Tensor kBias,
            Tensor vBias,
            Tensor qNorm,
            Tensor kNorm,
            Tensor o,
            Tensor mlpNorm,
            Tensor router,
            List<Ops.Expert> mlps) {}

    /** The names and shapes, in checkpoint order, that a model of this configuration consists of. */
    public static Map<String, int[]> shapes(DecoderConfig config) {
        Map<String, int[]> shapes = new LinkedHashMap<>();
        int queries = config.heads().count() * config.heads().size();
        int keys = config.heads().kv() * config.heads().size();
        shapes.put("model.embed_tokens.weight", new int[] {config.vocabulary(), config.hidden()});
        for (int i = 0; i < config.layers(); i++) {
            String layer = "model.layers." + i + ".";
            shapes.put(layer + "input_layernorm.weight", new int[] {config.hidden()});
            shapes.put(layer + "self_attn.q_proj.weight", new int[] {queries, config.hidden()});
            shapes.put(layer + "self_attn.k_proj.weight", new int[] {keys, config.hidden()});
            shapes.put(layer + "self_attn.v_proj.weight", new int[] {keys, config.hidden()});
            if (config.qkvBias()) {
                shapes.put(layer + "self_attn.q_proj.bias", new int[] {queries});
                shapes.put(layer + "self_attn.k_proj.bias", new int[] {keys});
                shapes.put(layer + "self_attn.v_proj.bias", new int[] {keys});
            }
            if (config.qkNorm()) {
                shapes.put(
                        layer + "self_attn.q_norm.weight",
                        new int[] {config.heads().size()});
                shapes.put(
                        layer + "self_attn.k_norm.weight",
                        new int[] {config.heads().size()});
            }
            shapes.put(layer + "self_attn.o_proj.weight", new int[] {config.hidden(), queries});
            shapes.put(layer + "post_attention_layernorm.weight", new int[] {config.hidden()});
            MlpNames names = MlpNames.of(config);
            int width = config.mixture() == null
                    ? config.intermediate()
                    : config.mixture().intermediate();
            if (names.router() != null) {
                shapes.put(layer + names.router(), new int[] {config.mixture().experts(), config.hidden()});
            }
            for (int expert = 0; expert < names.count(); expert++) {
                shapes.put(layer + names.gate(expert), new int[] {width, config.hidden()});
                shapes.put(layer + names.up(expert), new int[] {width, config.hidden()});
                shapes.put(layer + names.down(expert), new int[] {config.hidden(), width});
            }
        }
        shapes.put("model.norm.weight", new int[] {config.hidden()});
        if (!config.tied()) {
            shapes.put("lm_head.weight", new int[] {config.vocabulary(), config.hidden()});
        }
        return shapes;
    }

    /**
     * Finds every tensor that {@code config} asks for.
     *
     * @throws BadModelException if one is missing or has another shape, naming it
     */
    public static DecoderWeights of(Path model, DecoderConfig config, Map<String, Tensor> tensors) {
        shapes(config).forEach((name, shape) -> {
            Tensor tensor = tensors.get(name);
            if (tensor == null) {
                throw new BadModelException(model, "tensor " + name + " is missing");
            }
            if (!Arrays.equals(tensor.shape(), shape)) {
                throw new BadModelException(
                        model, "tensor " + name + " is " + tensor + ", config.json asks for " + Arrays.toString(shape));
            }
        });
        List<Layer> layers = new ArrayList<>();
        MlpNames names = MlpNames.of(config);
        for (int i = 0; i < config.layers(); i++) {
            String layer = "model.layers." + i + ".";
            layers.add(new Layer(
                    tensors.get(layer + "input_layernorm.weight"),
                    tensors.get(layer + "self_attn.q_proj.weight"),
                    tensors.get(layer + "self_attn.k_proj.weight"),
                    tensors.get(layer + "self_attn.v_proj.weight"),
                    tensors.get(layer + "self_attn.q_proj.bias"),
                    tensors.get(layer + "self_attn.k_proj.bias"),
                    tensors.get(layer + "self_attn.v_proj.bias"),
                    tensors.get(layer + "self_attn.q_norm.weight"),
                    tensors.get(layer + "self_attn.k_norm.weight"),
                    tensors.get(layer + "self_attn.o_proj.weight"),
                    tensors.get(layer + "post_attention_layernorm.weight"),
                    names.router() == null ? null : tensors.get(layer + names.router()),
                    IntStream.range(0, names.count())
                            .mapToObj(expert -> new Ops.Expert(
                                    tensors.get(layer + names.gate(expert)),
                                    tensors.get(layer + names.up(expert)),
                                    tensors.get(layer + names.down(expert))))
                            .toList()));
        }
        Tensor embedding = tensors.get("model.embed_tokens.weight");
        return new DecoderWeights(
                embedding,
                List.copyOf(layers),
                tensors.get("model.norm.weight"),
                config.tied() ? embedding : tensors.get("lm_head.weight"));
    }
}
