package org.medley.runtime.embed;

import dev.langchain4j.model.embedding.onnx.bgesmallenv15q.BgeSmallEnV15QuantizedEmbeddingModel;

/** bge-small-en-v1.5, quantized to int8, in this process by ONNX Runtime: 384 dimensions, at most 512 tokens a text. */
public final class BgeSmallEmbedder implements Embedder {
    /** What its authors put before a query (model card of BAAI/bge-small-en-v1.5). */
    private static final String QUERY = "Represent this sentence for searching relevant passages: ";

    private final BgeSmallEnV15QuantizedEmbeddingModel model = new BgeSmallEnV15QuantizedEmbeddingModel();

    @Override
    public String id() {
        return "bge-small-en-v1.5-q";
    }

    @Override
    public int dimensions() {
        return 384;
    }

    @Override
    public float[] passage(String text) {
        return model.embed(text).content().vector();
    }

    @Override
    public float[] query(String text) {
        return passage(QUERY + text);
    }
}
