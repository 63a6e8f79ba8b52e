package org.medley.runtime.network;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.medley.runtime.tensor.Attention;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.weights.BadModelException;

/**
 * BERT (Devlin et al. 2019) and RoBERTa, with XLM-R, which differ from it in where positions begin and in the head that
 * scores (Liu et al. 2019, Conneau et al. 2020): learned positions, and a norm after each part.
 */
final class Bert implements Encoder {
    private final Shape shape;
    private final Attention attention;
    private final Ops.Gelu activation;
    private final int firstPosition;
    private final Tensor words;
    private final Tensor positions;
    private final Tensor types;
    private final LayerNorm embeddingNorm;
    private final List<Layer> layers = new ArrayList<>();
    /** Between a text's first token and its score; null if it does not score. */
    private final Dense pooler;

    private final Dense classifier;
    private final Map<String, Tensor> matrices;

    private record Layer(
            Dense q, Dense k, Dense v, Dense o, LayerNorm attentionNorm, Dense up, Dense down, LayerNorm norm) {}

    /** @param tensors by name; matrices as stored, vectors F32 */
    Bert(Path file, JsonNode json, Map<String, Tensor> tensors) {
        ConfigReader in = new ConfigReader(file, json);
        boolean roberta = EncoderLoader.architecture(json).contains("Roberta");
        String kind = json.path("position_embedding_type").asText("absolute");
        if (!kind.equals("absolute")) {
            throw new BadModelException(file, "position_embedding_type is '" + kind + "'; absolute can be served");
        }
        int hidden = in.size("hidden_size");
        int inner = in.size("intermediate_size");
        int count = in.size("num_attention_heads");
        Ops.Heads heads = in.heads(count, hidden);
        this.attention = new Attention(heads, (float) (1 / Math.sqrt(heads.size())), 0, 0, false);
        this.activation = in.gelu("hidden_act");
        this.firstPosition = roberta ? json.path("pad_token_id").asInt(1) + 1 : 0;
        int places = in.size("max_position_embeddings");
        float epsilon = (float) in.positive("layer_norm_eps", 1e-12);
        NamedTensors weights = new NamedTensors(file, tensors);
        String p = Stream.of("bert.", "roberta.")
                .filter(prefix -> weights.has(prefix + "embeddings.word_embeddings.weight"))
                .findFirst()
                .orElse("");
        this.words = weights.table(p + "embeddings.word_embeddings.weight", in.size("vocab_size"), hidden);
        this.positions = weights.table(p + "embeddings.position_embeddings.weight", places, hidden);
        this.types = weights.table(p + "embeddings.token_type_embeddings.weight", in.size("type_vocab_size"), hidden);
        this.embeddingNorm = weights.layerNorm(p + "embeddings.LayerNorm", hidden, true, epsilon);
        int depth = in.layers();
        for (int i = 0; i < depth; i++) {
            String layer = p + "encoder.layer." + i + ".";
            layers.add(new Layer(
                    weights.dense(layer + "attention.self.query", hidden, hidden, true),
                    weights.dense(layer + "attention.self.key", hidden, hidden, true),
                    weights.dense(layer + "attention.self.value", hidden, hidden, true),
                    weights.dense(layer + "attention.output.dense", hidden, hidden, true),
                    weights.layerNorm(layer + "attention.output.LayerNorm", hidden, true, epsilon),
                    weights.dense(layer + "intermediate.dense", inner, hidden, true),
                    weights.dense(layer + "output.dense", hidden, inner, true),
                    weights.layerNorm(layer + "output.LayerNorm", hidden, true, epsilon)));
        }
        boolean scores = EncoderLoader.scores(json);
        this.pooler =
                scores ? weights.dense(roberta ? "classifier.dense" : p + "pooler.dense", hidden, hidden, true) : null;
        this.classifier =
                scores ? weights.dense(roberta ? "classifier.out_proj" : "classifier", 1, hidden, true) : null;
        this.matrices = weights.matrices();
        this.shape = new Shape(words.rows(), hidden, places - firstPosition, scores);
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
    public Tensor hidden(Ops ops, Batch batch, int[] tokenTypes) {
        int[] places =
                Arrays.stream(batch.positions()).map(i -> i + firstPosition).toArray();
        // RoBERTa knows one type and is given pairs without a difference.
        int[] known = Arrays.stream(tokenTypes)
                .map(i -> Math.min(i, types.rows() - 1))
                .toArray();
        Tensor x = ops.add(ops.embedding(words, batch.tokens()), ops.embedding(types, known));
        x = embeddingNorm.of(ops, ops.add(x, ops.embedding(positions, places)));
        for (int i = 0; i < layers.size(); i++) {
            Layer layer = layers.get(i);
            Tensor attended =
                    ops.attention(layer.q.of(ops, x), layer.k.of(ops, x), layer.v.of(ops, x), attention, i, batch);
            x = layer.attentionNorm.of(ops, ops.add(x, layer.o.of(ops, attended)));
            Tensor inner = ops.gelu(layer.up.of(ops, x), activation);
            x = layer.norm.of(ops, ops.add(x, layer.down.of(ops, inner)));
        }
        return x;
    }

    @Override
    public Tensor scores(Ops ops, Tensor hidden, Batch batch) {
        if (classifier == null) {
            throw new UnsupportedOperationException("the encoder has no head that scores");
        }
        Tensor first = ops.rows(hidden, batch.firstRows());
        Tensor pooled = ops.softCap(pooler.of(ops, first), 1); // tanh
        return classifier.of(ops, pooled);
    }
}
