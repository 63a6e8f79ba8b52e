package org.medley.runtime.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.medley.runtime.tensor.Tensor;

/** A model as one GGUF file, as llama.cpp makes and reads them. */
public final class GgufFile implements ModelSource {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path path;
    private final GgufMetadata metadata;
    private final JsonNode config;

    /** Reads the file's description; a file that cannot be a model of a known architecture is refused. */
    public GgufFile(Path path) {
        this.path = path;
        if (!Files.isRegularFile(path)) {
            throw new BadModelException(path, "is not a file");
        }
        try (Arena arena = Arena.ofConfined()) {
            Gguf file = Gguf.map(path, arena);
            this.metadata = file.metadata();
            this.config = GgufConfig.of(file);
        }
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public Path configFile() {
        return path;
    }

    public GgufMetadata metadata() {
        return metadata;
    }

    @Override
    public JsonNode config() {
        return config.deepCopy();
    }

    @Override
    public Map<String, Tensor> weights(Arena arena) {
        return GgufWeights.of(Gguf.map(path, arena), arena);
    }

    @Override
    public byte[] tokenizerJson() {
        String whole = metadata.text(GgufVocabulary.WHOLE, null);
        if (whole != null) {
            return whole.getBytes(StandardCharsets.UTF_8);
        }
        try {
            return JSON.writeValueAsBytes(GgufTokenizer.of(metadata));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String chatTemplate() {
        return metadata.text("tokenizer.chat_template", null);
    }

    @Override
    public SpecialTokens specialTokens() {
        return GgufTokenizer.specialTokens(metadata);
    }

    @Override
    public EmbeddingSettings embeddingSettings() {
        return EmbeddingSettings.ofGguf(metadata, metadata.text("general.architecture"));
    }

    @Override
    public Optional<Boolean> addsBos() {
        String key = "tokenizer.ggml.add_bos_token";
        return metadata.has(key) ? Optional.of(metadata.flag(key, false)) : Optional.empty();
    }

    @Override
    public String sha256() {
        return ModelHash.of(path);
    }

    @Override
    public long bytes() {
        try {
            return Files.size(path);
        } catch (IOException e) {
            throw new BadModelException(path, "cannot be read: " + e.getMessage(), e);
        }
    }
}
