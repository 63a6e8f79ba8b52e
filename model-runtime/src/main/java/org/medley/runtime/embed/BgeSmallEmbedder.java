package org.medley.runtime.embed;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.onnx.bgesmallenv15q.BgeSmallEnV15QuantizedEmbeddingModel;
import java.util.List;

/**
 * bge-small-en-v1.5, quantized to int8, in this process by ONNX Runtime: 384 dimensions, unit length. Of a text with
 * more than 512 tokens it is the mean over its parts.
 */
public final class BgeSmallEmbedder implements Embedder {
    /** What its authors put before a query (model card of BAAI/bge-small-en-v1.5). */
    private static final String QUERY = "Represent this sentence for searching relevant passages: ";

    public static final String ID = "bge-small-en-v1.5-q";

    private final BgeSmallEnV15QuantizedEmbeddingModel model = new BgeSmallEnV15QuantizedEmbeddingModel();

    @Override
    public String id() {
        return ID;
    }

    @Override
    public int dimensions() {
        return 384;
    }

    /** @throws IllegalArgumentException if texts are to be cut, or vectors left as long as they are: it does neither */
    @Override
    public Embedded embed(List<String> texts, Reading reading) {
        if (reading.cut() != 0 && reading.cut() != Integer.MAX_VALUE) {
            throw new IllegalArgumentException(ID + " averages long texts over their parts and cuts none");
        }
        if (!reading.unit()) {
            throw new IllegalArgumentException(ID + " gives vectors of unit length only");
        }
        String before = reading.side() == Side.QUERY ? QUERY : "";
        var response = model.embedAll(
                texts.stream().map(text -> TextSegment.from(before + text)).toList());
        return new Embedded(
                response.content().stream().map(Embedding::vector).toList(),
                response.tokenUsage().inputTokenCount());
    }
}
