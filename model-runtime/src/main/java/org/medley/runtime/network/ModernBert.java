package org.medley.runtime.network;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.RopeTable;
import org.medley.runtime.tensor.Tensor;

/**
 * ModernBERT (Warner et al. 2024): rotary positions, a norm before each part but the first, gated MLPs with GELU, and
 * layers that see a window around each token between those that see all.
 */
final class ModernBert implements Encoder {
    private static final String FULL = "full_attention";
    private static final String LOCAL = "sliding_attention";

    private final Shape shape;
    private final Ops.Gelu activation;
    private final Tensor words;
    private final LayerNorm embeddingNorm;
    private final List<Layer> layers = new ArrayList<>();
    private final LayerNorm finalNorm;
    private final Head head;
    private final Map<String, Tensor> matrices;

    /** @param attentionNorm null in the first layer, whose input is normed already */
    private record Layer(
            Attention attention,
            RopeTable rope,
            LayerNorm attentionNorm,
            Dense q,
            Dense k,
            Dense v,
            Dense o,
            LayerNorm mlpNorm,
            Dense gate,
            Dense up,
            Dense down) {}

    /** @param mean whether all of a text is scored, or else its first token */
    private record Head(boolean mean, Dense dense, Ops.Gelu activation, LayerNorm norm, Dense classifier) {}

    /** @param tensors by name; matrices as stored, vectors F32 */
    ModernBert(Path file, JsonNode json, Map<String, Tensor> tensors) {
        ConfigReader in = new ConfigReader(file, json);
        int hidden = in.size("hidden_size");
        int inner = in.size("intermediate_size");
        int count = in.size("num_attention_heads");
        int context = in.size("max_position_embeddings");
        Ops.Heads heads = in.heads(count, hidden);
        float scale = (float) (1 / Math.sqrt(heads.size()));
        Attention everywhere = new Attention(heads, scale, 0, 0, false);
        // A token sees half of the window on either side, and itself.
        Attention around = new Attention(heads, scale, in.size("local_attention") / 2 + 1, 0, false);
        double theta = theta(in, FULL, "global_rope_theta", 160_000);
        RopeTable rope = new RopeTable(RopeTable.frequencies(heads.size(), theta), context);
        RopeTable localRope = new RopeTable(
                RopeTable.frequencies(heads.size(), theta(in, LOCAL, "local_rope_theta", 10_000)), context);
        this.activation = in.gelu("hidden_activation");
        boolean attentionBias = json.path("attention_bias").asBoolean(false);
        boolean mlpBias = json.path("mlp_bias").asBoolean(false);
        boolean normBias = json.path("norm_bias").asBoolean(false);
        float epsilon = (float) in.positive("norm_eps", 1e-5);
        NamedTensors weights = new NamedTensors(file, tensors);
        String p = weights.has("model.embeddings.tok_embeddings.weight") ? "model." : "";
        this.words = weights.table(p + "embeddings.tok_embeddings.weight", in.size("vocab_size"), hidden);
        this.embeddingNorm = weights.layerNorm(p + "embeddings.norm", hidden, normBias, epsilon);
        int depth = in.layers();
        List<Boolean> locals = locals(in, depth);
        for (int i = 0; i < depth; i++) {
            String layer = p + "layers." + i + ".";
            boolean local = locals.get(i);
            List<Dense> qkv = weights.parts(layer + "attn.Wqkv", hidden, attentionBias, hidden, hidden, hidden);
            List<Dense> gateUp = weights.parts(layer + "mlp.Wi", hidden, mlpBias, inner, inner);
            layers.add(new Layer(
                    local ? around : everywhere,
                    local ? localRope : rope,
                    i == 0 ? null : weights.layerNorm(layer + "attn_norm", hidden, normBias, epsilon),
                    qkv.get(0),
                    qkv.get(1),
                    qkv.get(2),
                    weights.dense(layer + "attn.Wo", hidden, hidden, attentionBias),
                    weights.layerNorm(layer + "mlp_norm", hidden, normBias, epsilon),
                    gateUp.get(0),
                    gateUp.get(1),
                    weights.dense(layer + "mlp.Wo", hidden, inner, mlpBias)));
        }
        this.finalNorm = weights.layerNorm(p + "final_norm", hidden, normBias, epsilon);
        boolean scores = EncoderLoader.scores(json);
        this.head = scores
                ? new Head(
                        json.path("classifier_pooling").asText("cls").equals("mean"),
                        weights.dense(
                                "head.dense",
                                hidden,
                                hidden,
                                json.path("classifier_bias").asBoolean(false)),
                        in.gelu("classifier_activation"),
                        weights.layerNorm("head.norm", hidden, normBias, epsilon),
                        weights.dense("classifier", 1, hidden, true))
                : null;
        this.matrices = weights.matrices();
        this.shape = new Shape(words.rows(), hidden, context, scores);
    }

    /** Layers are listed by kind, or else every so-many-th sees all. */
    private static List<Boolean> locals(ConfigReader in, int layers) {
        if (in.json().path("layer_types").isArray()) {
            return in.slidingLayers(layers);
        }
        int every = in.json().has("global_attn_every_n_layers") ? in.size("global_attn_every_n_layers") : 3;
        return IntStream.range(0, layers).mapToObj(i -> i % every != 0).toList();
    }

    private static double theta(ConfigReader in, String kind, String older, double otherwise) {
        JsonNode listed = in.json().path("rope_parameters").path(kind);
        return listed.isObject()
                ? new ConfigReader(in.file(), listed).positive("rope_theta", otherwise)
                : in.positive(older, otherwise);
    }

    @Override
    public Shape shape() {
        return shape;
    }

    @Override
    public Map<String, Tensor> matrices() {
        return matrices;
    }

    /** The types of tokens make no difference. */
    @Override
    public Tensor hidden(Ops ops, Batch batch, int[] types) {
        Tensor x = embeddingNorm.of(ops, ops.embedding(words, batch.tokens()));
        for (int i = 0; i < layers.size(); i++) {
            Layer layer = layers.get(i);
            x = ops.add(x, attention(ops, layer, i, x, batch));
            Tensor in = layer.mlpNorm.of(ops, x);
            Tensor gated = ops.geglu(layer.gate.of(ops, in), layer.up.of(ops, in), activation);
            x = ops.add(x, layer.down.of(ops, gated));
        }
        return finalNorm.of(ops, x);
    }

    private static Tensor attention(Ops ops, Layer layer, int index, Tensor x, Batch batch) {
        Tensor in = layer.attentionNorm == null ? x : layer.attentionNorm.of(ops, x);
        Tensor q = ops.rope(layer.q.of(ops, in), batch.positions(), layer.rope);
        Tensor k = ops.rope(layer.k.of(ops, in), batch.positions(), layer.rope);
        Tensor attended = ops.attention(q, k, layer.v.of(ops, in), layer.attention, index, batch);
        return layer.o.of(ops, attended);
    }

    @Override
    public Tensor scores(Ops ops, Tensor hidden, Batch batch) {
        if (head == null) {
            throw new UnsupportedOperationException("the encoder has no head that scores");
        }
        Tensor pooled = head.mean ? ops.means(hidden, batch.spans()) : ops.rows(hidden, batch.firstRows());
        Tensor inner = head.norm.of(ops, ops.gelu(head.dense.of(ops, pooled), head.activation));
        return head.classifier.of(ops, inner);
    }
}
