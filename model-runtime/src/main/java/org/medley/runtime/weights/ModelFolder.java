package org.medley.runtime.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.medley.runtime.tensor.Tensor;

/**
 * A model as a Hugging Face folder: {@code config.json}, {@code tokenizer.json}, and one {@code model.safetensors} or
 * shards listed by {@code model.safetensors.index.json}.
 */
public final class ModelFolder {
    private static final String SINGLE = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path path;

    public ModelFolder(Path path) {
        this.path = path;
        if (!Files.isDirectory(path)) {
            throw new BadModelException(
                    path,
                    "is not a folder; a model is a folder with config.json," + " tokenizer.json and model.safetensors");
        }
    }

    public Path path() {
        return path;
    }

    public Path tokenizer() {
        return file("tokenizer.json");
    }

    public JsonNode config() {
        return json(file("config.json"));
    }

    /** The Jinja chat template, or null if the model has none. */
    public String chatTemplate() {
        Path template = path.resolve("chat_template.jinja");
        try {
            if (Files.exists(template)) {
                return Files.readString(template);
            }
        } catch (IOException e) {
            throw new BadModelException(template, "cannot be read: " + e.getMessage(), e);
        }
        Path config = path.resolve("tokenizer_config.json");
        JsonNode node = Files.exists(config) ? json(config).path("chat_template") : null;
        return node != null && node.isTextual() ? node.asText() : null;
    }

    private Path file(String name) {
        Path file = path.resolve(name);
        if (!Files.isRegularFile(file)) {
            throw new BadModelException(file, "is missing");
        }
        return file;
    }

    private static JsonNode json(Path file) {
        try {
            JsonNode node = JSON.readTree(file.toFile());
            if (!node.isObject()) {
                throw new BadModelException(file, "is not a JSON object");
            }
            return node;
        } catch (IOException e) {
            throw new BadModelException(file, "is not valid JSON: " + e.getMessage(), e);
        }
    }

    /** The files that hold weights, in order of name. */
    public List<Path> shards() {
        Path index = path.resolve(INDEX);
        if (!Files.exists(index)) {
            return List.of(file(SINGLE));
        }
        TreeSet<String> names = new TreeSet<>();
        json(index).path("weight_map").forEach(name -> names.add(name.asText()));
        if (names.isEmpty()) {
            throw new BadModelException(index, "names no shard under weight_map");
        }
        return names.stream()
                .map(name -> {
                    if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]*\\.safetensors")) {
                        throw new BadModelException(index, "shard name '" + name + "' is not a plain file name");
                    }
                    return file(name);
                })
                .toList();
    }

    /** Maps all weights for as long as {@code arena} lives. */
    public Map<String, Tensor> weights(Arena arena) {
        Map<String, Tensor> all = new TreeMap<>();
        for (Path shard : shards()) {
            Safetensors.map(shard, arena).tensors().forEach((name, tensor) -> {
                if (all.put(name, tensor) != null) {
                    throw new BadModelException(shard, "tensor " + name + " is in another shard too");
                }
            });
        }
        return Files.exists(path.resolve("config.json")) ? QuantizedWeights.joined(path, config(), all, arena) : all;
    }

    /** SHA-256 over config, tokenizer and weights, names and lengths included: what a model version is known by. */
    public String sha256() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            List<Path> files = new java.util.ArrayList<>(List.of(file("config.json"), tokenizer()));
            files.addAll(shards());
            for (Path file : files) {
                digest.update((file.getFileName() + "\n" + Files.size(file) + "\n")
                        .getBytes(java.nio.charset.StandardCharsets.UTF_8));
                try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
                    in.transferTo(java.io.OutputStream.nullOutputStream());
                }
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (IOException e) {
            throw new BadModelException(path, "cannot be read: " + e.getMessage(), e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK has no SHA-256", e);
        }
    }
}
