package org.medley.runtime.network;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Tensor;

/**
 * Gemma 2 and 3 (Gemma Team 2024, 2025): norms before and after each part, gated MLPs with GELU, embeddings scaled by
 * √width, and layers that see a window in turn with layers that see all. Gemma 2 caps attention scores and logits;
 * Gemma 3 norms queries and keys, and rotates them by other angles in its windowed layers.
 */
final class Gemma implements Network {
    private final Shape shape;
    private final float epsilon;
    private final float embeddingScale;
    private final float logitCap;
    private final RopeTable rope;
    private final RopeTable localRope;
    private final Tensor embedding;
    private final Tensor finalNorm;
    private final Tensor head;
    private final List<Layer> layers;
    private final Map<String, Tensor> matrices;
    private final Map<String, Tensor> parameters;

    private record Layer(
            Attention attention,
            boolean local,
            Tensor inputNorm,
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor qNorm,
            Tensor kNorm,
            Tensor o,
            Tensor attentionNorm,
            Tensor mlpNorm,
            Ops.Expert mlp,
            Tensor mlpOutNorm) {}

    /**
     * @param tensors by name; matrices as stored, vectors F32
     * @param arena for the norms' weights, which are stored less one
     */
    Gemma(Path file, JsonNode json, Map<String, Tensor> tensors, Arena arena, int context) {
        this(file, json, new NamedTensors(file, tensors), arena, context);
    }

    private Gemma(Path file, JsonNode json, NamedTensors weights, Arena arena, int context) {
        boolean third = json.path("architectures").path(0).asText("").startsWith("Gemma3");
        ConfigReader in = new ConfigReader(file, json);
        int hidden = in.size("hidden_size");
        int count = in.size("num_attention_heads");
        Ops.Heads heads = in.heads(count, in.size("num_key_value_heads"), in.size("head_dim"));
        int positions = Math.min(context, in.size("max_position_embeddings"));
        int depth = in.layers();
        this.shape = new Shape(in.size("vocab_size"), depth, heads, positions, in.endTokens());
        this.epsilon = (float) in.positive("rms_norm_eps", 1e-6);
        this.embeddingScale = (float) Math.sqrt(hidden);
        this.logitCap = (float) json.path("final_logit_softcapping").asDouble(0);
        JsonNode scaling = json.path("rope_scaling");
        double stretch = scaling.isObject() ? scaling.path("factor").asDouble(1) : 1;
        double[] global = RopeTable.frequencies(heads.size(), in.positive("rope_theta", 10_000));
        this.rope = new RopeTable(Arrays.stream(global).map(f -> f / stretch).toArray(), positions);
        this.localRope = third
                ? new RopeTable(
                        RopeTable.frequencies(heads.size(), in.positive("rope_local_base_freq", 10_000)), positions)
                : rope;
        int queries = count * heads.size();
        int keys = heads.kv() * heads.size();
        int inner = in.size("intermediate_size");
        this.embedding = weights.table("model.embed_tokens.weight", shape.vocabulary(), hidden);
        this.head = weights.has("lm_head.weight")
                ? weights.matrix("lm_head.weight", shape.vocabulary(), hidden)
                : embedding;
        this.finalNorm = norm(weights, arena, "model.norm", hidden);
        float scale = (float) (1 / Math.sqrt(in.positive("query_pre_attn_scalar", heads.size())));
        float cap = third ? 0 : (float) json.path("attn_logit_softcapping").asDouble(0);
        this.layers = new ArrayList<>();
        for (int i = 0; i < depth; i++) {
            String p = "model.layers." + i + ".";
            boolean local = local(json, third, i);
            int window = local ? in.size("sliding_window") : 0;
            layers.add(new Layer(
                    new Attention(heads, scale, window, cap, true),
                    local,
                    norm(weights, arena, p + "input_layernorm", hidden),
                    weights.matrix(p + "self_attn.q_proj.weight", queries, hidden),
                    weights.matrix(p + "self_attn.k_proj.weight", keys, hidden),
                    weights.matrix(p + "self_attn.v_proj.weight", keys, hidden),
                    third ? norm(weights, arena, p + "self_attn.q_norm", heads.size()) : null,
                    third ? norm(weights, arena, p + "self_attn.k_norm", heads.size()) : null,
                    weights.matrix(p + "self_attn.o_proj.weight", hidden, queries),
                    norm(weights, arena, p + "post_attention_layernorm", hidden),
                    norm(weights, arena, p + "pre_feedforward_layernorm", hidden),
                    new Ops.Expert(
                            weights.matrix(p + "mlp.gate_proj.weight", inner, hidden),
                            weights.matrix(p + "mlp.up_proj.weight", inner, hidden),
                            weights.matrix(p + "mlp.down_proj.weight", hidden, inner)),
                    norm(weights, arena, p + "post_feedforward_layernorm", hidden)));
        }
        this.matrices = new LinkedHashMap<>(weights.matrices());
        matrices.put("lm_head.weight", head);
        this.parameters = weights.all();
    }

    /** Which layers see a window: as listed, or else by the pattern that each model was published with. */
    private static boolean local(JsonNode json, boolean third, int layer) {
        if (json.path("layer_types").isArray()) {
            return json.path("layer_types").path(layer).asText().equals("sliding_attention");
        }
        return third ? (layer + 1) % json.path("sliding_window_pattern").asInt(6) != 0 : layer % 2 == 0;
    }

    /** A norm's weights are stored less one. */
    private static Tensor norm(NamedTensors weights, Arena arena, String name, int size) {
        float[] values = weights.vector(name + ".weight", size).toArray();
        for (int i = 0; i < size; i++) {
            values[i] += 1;
        }
        return weights.replaced(name + ".weight", Tensor.of(arena, values, size));
    }

    /** Names and shapes of a checkpoint's tensors, in order. */
    static Map<String, int[]> shapes(Path file, JsonNode json) {
        Map<String, int[]> shapes = new LinkedHashMap<>();
        Gemma planned = new Gemma(file, json, NamedTensors.wanted(file), Arena.ofAuto(), 1);
        planned.parameters.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
        return shapes;
    }

    /** Every tensor that is read, by the checkpoint's name for it; norms as they are used, not as they are stored. */
    Map<String, Tensor> parameters() {
        return parameters;
    }

    @Override
    public Shape shape() {
        return shape;
    }

    @Override
    public Map<String, Tensor> matrices() {
        return matrices;
    }

    @Override
    public Tensor hidden(Ops ops, Batch batch) {
        Tensor x = ops.scale(ops.embedding(embedding, batch.tokens()), embeddingScale);
        Tensor in = ops.rmsNorm(x, layers.getFirst().inputNorm, epsilon);
        Ops.Sum state = new Ops.Sum(x, in);
        for (int i = 0; i < layers.size(); i++) {
            int index = i;
            state = ops.block(state, (inner, s) -> layer(inner, index, s, batch));
        }
        return state.norm();
    }

    private Ops.Sum layer(Ops ops, int index, Ops.Sum in, Batch batch) {
        Layer layer = layers.get(index);
        Tensor attended = ops.rmsNorm(attention(ops, layer, index, in.norm(), batch), layer.attentionNorm, epsilon);
        Ops.Sum middle = ops.addNorm(in.sum(), attended, layer.mlpNorm, epsilon);
        Tensor gate = ops.linear(middle.norm(), layer.mlp.gate(), null);
        Tensor gated = ops.geglu(gate, ops.linear(middle.norm(), layer.mlp.up(), null), Ops.Gelu.TANH);
        Tensor out = ops.rmsNorm(ops.linear(gated, layer.mlp.down(), null), layer.mlpOutNorm, epsilon);
        Tensor next = index + 1 < layers.size() ? layers.get(index + 1).inputNorm : finalNorm;
        return ops.addNorm(middle.sum(), out, next, epsilon);
    }

    private Tensor attention(Ops ops, Layer layer, int index, Tensor x, Batch batch) {
        Tensor q = ops.linear(x, layer.q, null);
        Tensor k = ops.linear(x, layer.k, null);
        Tensor v = ops.linear(x, layer.v, null);
        if (layer.qNorm != null) {
            q = ops.rmsNorm(q, layer.qNorm, epsilon);
            k = ops.rmsNorm(k, layer.kNorm, epsilon);
        }
        RopeTable table = layer.local ? localRope : rope;
        q = ops.rope(q, batch.positions(), table);
        k = ops.rope(k, batch.positions(), table);
        return ops.linear(ops.attention(q, k, v, layer.attention, index, batch), layer.o, null);
    }

    @Override
    public Tensor head(Ops ops, Tensor hidden) {
        Tensor logits = ops.linear(hidden, head, null);
        return logitCap > 0 ? ops.softCap(logits, logitCap) : logits;
    }
}
