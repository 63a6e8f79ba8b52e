package org.medley.runtime.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.medley.runtime.engine.TokenListener;

/** The bodies of answers as OpenAI defines them. */
final class Answers {
    private Answers() {}

    record Usage(
            @JsonProperty("prompt_tokens") int promptTokens,
            @JsonProperty("completion_tokens") int completionTokens,
            @JsonProperty("total_tokens") int totalTokens) {
        static Usage of(TokenListener.Usage usage) {
            return new Usage(
                    usage.promptTokens(), usage.completionTokens(), usage.promptTokens() + usage.completionTokens());
        }
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Text(String role, String content) {}

    /** Of message, delta and text one is set: by a whole chat, by a chunk of one, by a completion. */
    record Choice(
            int index,
            @JsonInclude(JsonInclude.Include.NON_NULL) Text message,
            @JsonInclude(JsonInclude.Include.NON_NULL) Text delta,
            @JsonInclude(JsonInclude.Include.NON_NULL) String text,
            @JsonProperty("finish_reason") String finishReason) {}

    record Answer(
            String id,
            String object,
            long created,
            String model,
            List<Choice> choices,
            @JsonInclude(JsonInclude.Include.NON_NULL) Usage usage) {}

    record Model(
            String id,
            String object,
            long created,
            @JsonProperty("owned_by") String ownedBy) {}

    record Models(String object, List<Model> data) {}

    record Embedding(String object, int index, float[] embedding) {}

    record Embeddings(String object, String model, List<Embedding> data, Usage usage) {}
}
