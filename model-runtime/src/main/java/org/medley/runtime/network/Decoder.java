package org.medley.runtime.network;

import java.util.LinkedHashMap;
import java.util.Map;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Tensor;

/**
 * The Llama family (Llama 2 and 3, Mistral, Phi-3 and Phi-4-mini, Qwen2, Qwen3, and with mixtures Mixtral and Qwen3-MoE): pre-norm
 * blocks of rotary grouped-query attention and gated MLPs.
 * Written once, in {@link Ops}; the server runs it forward and the trainer through its tape.
 */
public final class Decoder implements Network {
    private final DecoderConfig config;
    private final DecoderWeights weights;
    private final RopeTable rope;

    /** @param context longest sequence that will be asked for, at most the configuration's */
    public Decoder(DecoderConfig config, DecoderWeights weights, int context) {
        if (context < 1 || context > config.context()) {
            throw new IllegalArgumentException(
                    "context of " + context + " tokens; the model has 1 to " + config.context());
        }
        this.config = config;
        this.weights = weights;
        this.rope = config.rope(context);
    }

    public DecoderConfig config() {
        return config;
    }

    public int context() {
        return rope.positions();
    }

    @Override
    public Shape shape() {
        return new Shape(config.vocabulary(), config.layers(), config.heads(), context(), config.endTokens());
    }

    @Override
    public Map<String, Tensor> matrices() {
        Map<String, Tensor> matrices = new LinkedHashMap<>();
        for (int i = 0; i < weights.layers().size(); i++) {
            DecoderWeights.Layer layer = weights.layers().get(i);
            String prefix = "model.layers." + i + ".";
            matrices.put(prefix + "self_attn.q_proj.weight", layer.q());
            matrices.put(prefix + "self_attn.k_proj.weight", layer.k());
            matrices.put(prefix + "self_attn.v_proj.weight", layer.v());
            matrices.put(prefix + "self_attn.o_proj.weight", layer.o());
            MlpNames names = MlpNames.of(config);
            if (layer.router() != null) {
                matrices.put(prefix + names.router(), layer.router());
            }
            for (int expert = 0; expert < layer.mlps().size(); expert++) {
                Ops.Expert mlp = layer.mlps().get(expert);
                matrices.put(prefix + names.gate(expert), mlp.gate());
                matrices.put(prefix + names.up(expert), mlp.up());
                matrices.put(prefix + names.down(expert), mlp.down());
            }
        }
        matrices.put("lm_head.weight", weights.head());
        return matrices;
    }

    @Override
    public Tensor hidden(Ops ops, Batch batch) {
        Tensor x = ops.embedding(weights.embedding(), batch.tokens());
        Tensor in = ops.rmsNorm(x, weights.layers().getFirst().attentionNorm(), config.epsilon());
        Ops.Sum state = new Ops.Sum(x, in);
        for (int i = 0; i < weights.layers().size(); i++) {
            int index = i;
            state = ops.block(state, (inner, s) -> layer(inner, index, s, batch));
        }
        return state.norm();
    }

    private Ops.Sum layer(Ops ops, int index, Ops.Sum in, Batch batch) {
        DecoderWeights.Layer layer = weights.layers().get(index);
        Tensor heard = attention(ops, layer, index, in.norm(), batch);
        Ops.Sum attended = ops.addNorm(in.sum(), heard, layer.mlpNorm(), config.epsilon());
        return ops.addNorm(attended.sum(), mlp(ops, layer, attended.norm()), normAfter(index), config.epsilon());
    }

    /** The norm that what a layer leaves goes through next. */
    private Tensor normAfter(int layer) {
        return layer + 1 < weights.layers().size()
                ? weights.layers().get(layer + 1).attentionNorm()
                : weights.finalNorm();
    }

    @Override
    public Tensor head(Ops ops, Tensor hidden) {
        return ops.linear(hidden, weights.head(), null);
    }

    private Tensor attention(Ops ops, DecoderWeights.Layer layer, int index, Tensor x, Batch batch) {
        Tensor q = ops.linear(x, layer.q(), layer.qBias());
        Tensor k = ops.linear(x, layer.k(), layer.kBias());
        Tensor v = ops.linear(x, layer.v(), layer.vBias());
        if (config.qkNorm()) {
            q = ops.rmsNorm(q, layer.qNorm(), config.epsilon());
            k = ops.rmsNorm(k, layer.kNorm(), config.epsilon());
        }
        q = ops.rope(q, batch.positions(), rope);
        k = ops.rope(k, batch.positions(), rope);
        return ops.linear(ops.attention(q, k, v, config.attention(index), index, batch), layer.o(), null);
    }

    private Tensor mlp(Ops ops, DecoderWeights.Layer layer, Tensor x) {
        if (layer.router() != null) {
            DecoderConfig.Mixture mixture = config.mixture();
            return ops.mixture(x, layer.router(), layer.mlps(), mixture.top(), mixture.normalized());
        }
        Ops.Expert mlp = layer.mlps().getFirst();
        Tensor gated = ops.swiglu(ops.linear(x, mlp.gate(), null), ops.linear(x, mlp.up(), null));
        return ops.linear(gated, mlp.down(), null);
    }
}
