package org.medley.runtime.api;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.medley.runtime.engine.SamplingParams;
import org.medley.runtime.text.ChatTemplate;

/** The bodies of requests as OpenAI defines them. Fields that no engine here knows are ignored, as its servers do. */
final class Requests {
    private Requests() {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    record Message(String role, JsonNode content) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    record StreamOptions(@JsonProperty("include_usage") Boolean includeUsage) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    record Chat(
            String model,
            List<Message> messages,
            Boolean stream,
            @JsonProperty("stream_options") StreamOptions streamOptions,
            @JsonProperty("max_tokens") Integer maxTokens,
            @JsonProperty("max_completion_tokens") Integer maxCompletionTokens,
            Float temperature,
            @JsonProperty("top_p") Float topP,
            @JsonProperty("top_k") Integer topK,
            @JsonProperty("min_p") Float minP,
            @JsonProperty("repetition_penalty") Float repetitionPenalty,
            @JsonProperty("presence_penalty") Float presencePenalty,
            @JsonProperty("frequency_penalty") Float frequencyPenalty,
            Long seed,
            JsonNode stop,
            Integer n) {

        List<ChatTemplate.Message> turns() {
            if (messages == null || messages.isEmpty()) {
                throw ApiException.invalid("messages", "messages must hold at least one message");
            }
            List<ChatTemplate.Message> turns = new ArrayList<>();
            for (int i = 0; i < messages.size(); i++) {
                Message message = messages.get(i);
                String at = "messages[" + i + "]";
                if (message.role == null || !message.role.matches("system|developer|user|assistant")) {
                    throw ApiException.invalid(
                            at + ".role", at + ".role is '" + message.role + "'; system, user or assistant");
                }
                String role = message.role.equals("developer") ? "system" : message.role;
                turns.add(new ChatTemplate.Message(role, text(at + ".content", message.content)));
            }
            return turns;
        }

        SamplingParams sampling(int room) {
            Integer wanted = maxCompletionTokens != null ? maxCompletionTokens : maxTokens;
            return params(this, wanted, room);
        }
    }

    @JsonIgnoreProperties(ignoreUnknown = true)
    record Completion(
            String model,
            JsonNode prompt,
            Boolean stream,
            @JsonProperty("stream_options") StreamOptions streamOptions,
            @JsonProperty("max_tokens") Integer maxTokens,
            Float temperature,
            @JsonProperty("top_p") Float topP,
            @JsonProperty("top_k") Integer topK,
            @JsonProperty("min_p") Float minP,
            @JsonProperty("repetition_penalty") Float repetitionPenalty,
            @JsonProperty("presence_penalty") Float presencePenalty,
            @JsonProperty("frequency_penalty") Float frequencyPenalty,
            Long seed,
            JsonNode stop,
            Integer n) {

        /** The same request as a chat's, its messages aside: completions default to 16 tokens. */
        Chat asChat() {
            return new Chat(
                    model,
                    null,
                    stream,
                    streamOptions,
                    maxTokens == null ? 16 : maxTokens,
                    null,
                    temperature,
                    topP,
                    topK,
                    minP,
                    repetitionPenalty,
                    presencePenalty,
                    frequencyPenalty,
                    seed,
                    stop,
                    n);
        }

        String text() {
            if (prompt == null || !prompt.isTextual()) {
                throw ApiException.invalid("prompt", "prompt must be one string");
            }
            return prompt.asText();
        }
    }

    @JsonIgnoreProperties(ignoreUnknown = true)
    record Embeddings(
            String model,
            JsonNode input,
            @JsonProperty("encoding_format") String encodingFormat,
            Integer dimensions) {

        List<String> texts() {
            List<String> texts = new ArrayList<>();
            if (input != null && input.isTextual()) {
                texts.add(input.asText());
            } else if (input != null && input.isArray()) {
                input.forEach(node -> {
                    if (!node.isTextual()) {
                        throw ApiException.invalid("input", "input must be a string or an array of strings");
                    }
                    texts.add(node.asText());
                });
            }
            if (texts.isEmpty() || texts.size() > 256 || texts.stream().anyMatch(String::isEmpty)) {
                throw ApiException.invalid("input", "input must be 1 to 256 strings that are not empty");
            }
            return texts;
        }
    }

    /** A message's text: a string, or parts of type text. */
    private static String text(String at, JsonNode content) {
        if (content != null && content.isTextual()) {
            return content.asText();
        }
        if (content != null && content.isArray()) {
            StringBuilder text = new StringBuilder();
            for (JsonNode part : content) {
                if (!part.path("type").asText().equals("text")
                        || !part.path("text").isTextual()) {
                    throw ApiException.invalid(at, at + " holds a part that is not text; only text is understood");
                }
                text.append(part.get("text").asText());
            }
            return text.toString();
        }
        throw ApiException.invalid(at, at + " must be a string or an array of text parts");
    }

    private static SamplingParams params(Chat chat, Integer maxTokens, int room) {
        if (chat.n != null && chat.n != 1) {
            throw ApiException.invalid("n", "n is " + chat.n + "; one answer per request is possible");
        }
        try {
            return SamplingParams.builder()
                    .temperature(or(chat.temperature, 1f))
                    .topK(chat.topK == null || chat.topK < 0 ? 0 : chat.topK)
                    .topP(or(chat.topP, 1f))
                    .minP(or(chat.minP, 0f))
                    .repetitionPenalty(or(chat.repetitionPenalty, 1f))
                    .presencePenalty(or(chat.presencePenalty, 0f))
                    .frequencyPenalty(or(chat.frequencyPenalty, 0f))
                    .seed(chat.seed == null ? ThreadLocalRandom.current().nextLong() : chat.seed)
                    .maxTokens(maxTokens == null ? Math.max(1, room) : maxTokens)
                    .stop(stops(chat.stop))
                    .build();
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid(e.getMessage().split(" ")[0], e.getMessage());
        }
    }

    private static float or(Float value, float otherwise) {
        return value == null ? otherwise : value;
    }

    private static List<String> stops(JsonNode stop) {
        if (stop == null || stop.isNull()) {
            return List.of();
        }
        if (stop.isTextual()) {
            return List.of(stop.asText());
        }
        List<String> stops = new ArrayList<>();
        stop.forEach(node -> stops.add(node.asText()));
        return stops;
    }
}
