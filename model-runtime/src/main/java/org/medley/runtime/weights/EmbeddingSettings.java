package org.medley.runtime.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How the hidden states of a model become the one vector of a text, as its makers say in the files that Sentence
 * Transformers lays beside it.
 *
 * @param pooling null where nothing tells it
 * @param prompts what is put before a text, by what the text is for, such as {@code query}
 * @param longest text in tokens that it was trained for; {@link Integer#MAX_VALUE} where nothing tells it
 */
public record EmbeddingSettings(Pooling pooling, Map<String, String> prompts, int longest) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long MAX_BYTES = 1 << 20;
    private static final String POOLING = "1_Pooling/config.json";

    /** Which hidden states of a text become its vector. */
    public enum Pooling {
        FIRST("pooling_mode_cls_token"),
        MEAN("pooling_mode_mean_tokens"),
        LAST("pooling_mode_lasttoken");

        private final String key;

        Pooling(String key) {
            this.key = key;
        }

        /** Puts the file beside a model that says so. */
        public void write(Path model) throws IOException {
            Path file = model.resolve(POOLING);
            Files.createDirectories(file.getParent());
            Files.writeString(file, "{\"" + key + "\": true}\n");
        }
    }

    static EmbeddingSettings ofFolder(Path model) {
        JsonNode modules = read(model.resolve("modules.json"));
        for (JsonNode module : modules) {
            String type = module.path("type").asText("");
            if (!type.matches(".*\\.(Transformer|Pooling|Normalize)")) {
                throw new BadModelException(
                        model.resolve("modules.json"),
                        "has a module '" + type + "'; Transformer, Pooling and Normalize can be served");
            }
        }
        Map<String, String> prompts = new LinkedHashMap<>();
        for (var prompt : read(model.resolve("config_sentence_transformers.json"))
                .path("prompts")
                .properties()) {
            prompts.put(prompt.getKey(), prompt.getValue().asText(""));
        }
        int longest = read(model.resolve("sentence_bert_config.json"))
                .path("max_seq_length")
                .asInt(Integer.MAX_VALUE);
        return new EmbeddingSettings(pooling(model.resolve(POOLING)), Map.copyOf(prompts), longest);
    }

    /** The files of a model folder that these settings come from, as far as they are there. */
    static List<Path> files(Path model) {
        return List.of(POOLING, "modules.json", "config_sentence_transformers.json", "sentence_bert_config.json")
                .stream()
                .map(model::resolve)
                .filter(Files::isRegularFile)
                .toList();
    }

    private static Pooling pooling(Path file) {
        List<String> modes = new ArrayList<>();
        for (var entry : read(file).properties()) {
            if (entry.getKey().startsWith("pooling_mode_") && entry.getValue().asBoolean()) {
                modes.add(entry.getKey());
            }
        }
        if (modes.isEmpty()) {
            return null;
        }
        for (Pooling pooling : Pooling.values()) {
            if (modes.equals(List.of(pooling.key))) {
                return pooling;
            }
        }
        throw new BadModelException(
                file,
                "asks for " + String.join(" and ", modes) + "; one of pooling_mode_cls_token, pooling_mode_mean_tokens"
                        + " and pooling_mode_lasttoken can be served");
    }

    /** What llama.cpp calls them; 0 is none and 4 is a head that ranks. */
    static int ggufNumber(Pooling pooling) {
        return switch (pooling) {
            case MEAN -> 1;
            case FIRST -> 2;
            case LAST -> 3;
        };
    }

    static EmbeddingSettings ofGguf(GgufMetadata metadata, String architecture) {
        String key = architecture + ".pooling_type";
        int number = metadata.has(key) ? metadata.count(key) : 0;
        Pooling pooling = Arrays.stream(Pooling.values())
                .filter(one -> ggufNumber(one) == number)
                .findFirst()
                .orElse(null);
        return new EmbeddingSettings(pooling, Map.of(), Integer.MAX_VALUE);
    }

    private static JsonNode read(Path file) {
        if (!Files.isRegularFile(file)) {
            return MissingNode.getInstance();
        }
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new BadModelException(
                        file, "has " + Files.size(file) + " bytes; at most " + MAX_BYTES + " are possible");
            }
            return JSON.readTree(file.toFile());
        } catch (IOException e) {
            throw new BadModelException(file, "is not valid JSON: " + e.getMessage(), e);
        }
    }
}
