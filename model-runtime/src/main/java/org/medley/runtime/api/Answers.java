package org.medley.runtime.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/** The bodies of answers that are lists, as OpenAI defines them. */
final class Answers {
    private Answers() {}

    record Usage(
            @JsonProperty("prompt_tokens") int promptTokens,
            @JsonProperty("total_tokens") int totalTokens) {}

    record Model(
            String id,
            String object,
            long created,
            @JsonProperty("owned_by") String ownedBy) {}

    record Models(String object, List<Model> data) {}

    /** @param embedding an array of floats, or a string in base 64 */
    record Embedding(String object, int index, Object embedding) {}

    record Embeddings(String object, String model, List<Embedding> data, Usage usage) {}
}
