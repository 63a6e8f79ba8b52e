package org.medley.runtime.weights;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.medley.runtime.tensor.Tensor;

/**
 * A model as a Hugging Face folder: {@code config.json}, {@code tokenizer.json}, and one {@code model.safetensors} or
 * shards listed by {@code model.safetensors.index.json}.
 */
public final class ModelFolder implements ModelSource {
    private static final String SINGLE = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";
    private static final Pattern OWN =
            Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]*\\.(json|jinja|safetensors)|(LICENSE|README)(\\.txt|\\.md)?");
    /** Files beside config and tokenizer that decide what tokens a model is given, and where it ends. */
    private static final List<String> SETTINGS = List.of(
            "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja", "generation_config.json");

    private static final long MAX_TEXT = 256 << 20;
    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final Path path;

    public ModelFolder(Path path) {
        this.path = path;
        if (!Files.isDirectory(path)) {
            throw new BadModelException(
                    path,
                    "is not a folder; a model is a folder with config.json," + " tokenizer.json and model.safetensors");
        }
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public Path configFile() {
        return path.resolve("config.json");
    }

    public Path tokenizer() {
        return file("tokenizer.json");
    }

    @Override
    public byte[] tokenizerJson() {
        return read(tokenizer());
    }

    @Override
    public JsonNode config() {
        ObjectNode config = (ObjectNode) json(file("config.json"));
        JsonNode more = optional("generation_config.json").path("eos_token_id");
        if (!more.isMissingNode()) {
            LinkedHashSet<JsonNode> ends = new LinkedHashSet<>();
            for (JsonNode ids : List.of(config.path("eos_token_id"), more)) {
                (ids.isArray() ? ids : List.of(ids)).forEach(ends::add);
            }
            ends.removeIf(id -> !id.isInt());
            if (ends.size() > 1) {
                config.putArray("eos_token_id").addAll(ends);
            } else {
                ends.forEach(id -> config.set("eos_token_id", id));
            }
        }
        return config;
    }

    /** From {@code chat_template.jinja}, or {@code tokenizer_config.json}, which may hold several by name. */
    @Override
    public String chatTemplate() {
        Path template = path.resolve("chat_template.jinja");
        if (Files.exists(template)) {
            return new String(read(template), StandardCharsets.UTF_8);
        }
        JsonNode node = optional("tokenizer_config.json").path("chat_template");
        if (node.isArray()) {
            for (JsonNode named : node) {
                if (named.path("name").asText().equals("default")) {
                    node = named.path("template");
                    break;
                }
            }
        }
        return node.isTextual() ? node.asText() : null;
    }

    @Override
    public SpecialTokens specialTokens() {
        return new SpecialTokens(specialToken("bos_token"), specialToken("eos_token"));
    }

    /** From {@code add_bos_token} of {@code tokenizer_config.json}. */
    @Override
    public Optional<Boolean> addsBos() {
        JsonNode flag = optional("tokenizer_config.json").path("add_bos_token");
        return flag.isBoolean() ? Optional.of(flag.booleanValue()) : Optional.empty();
    }

    private String specialToken(String role) {
        for (String name : List.of("tokenizer_config.json", "special_tokens_map.json")) {
            JsonNode token = optional(name).path(role);
            if (token.isTextual() || token.path("content").isTextual()) {
                return token.isTextual()
                        ? token.asText()
                        : token.path("content").asText();
            }
        }
        return "";
    }

    /** The JSON object in a file that models may do without. */
    private JsonNode optional(String name) {
        Path file = path.resolve(name);
        return Files.exists(file) ? json(file) : MissingNode.getInstance();
    }

    private static byte[] read(Path file) {
        try {
            if (Files.size(file) > MAX_TEXT) {
                throw new BadModelException(
                        file, "has " + Files.size(file) + " bytes; at most " + MAX_TEXT + " are possible");
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new BadModelException(file, "cannot be read: " + e.getMessage(), e);
        }
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
            JsonNode node = JSON.readTree(read(file));
            if (node == null || !node.isObject()) {
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

    /** All that belongs to the model, relative to its folder; a link to a folder is looked into. */
    public List<Path> files() {
        try {
            Path real = path.toRealPath();
            List<Path> files = new ArrayList<>();
            try (Stream<Path> all = Files.list(real)) {
                all.filter(Files::isRegularFile)
                        .map(Path::getFileName)
                        .filter(name -> OWN.matcher(name.toString()).matches())
                        .forEach(files::add);
            }
            EmbeddingSettings.files(real).stream()
                    .map(real::relativize)
                    .filter(file -> !files.contains(file))
                    .forEach(files::add);
            return files;
        } catch (IOException e) {
            throw new BadModelException(path, "cannot be listed: " + e.getMessage(), e);
        }
    }

    /** Maps all weights for as long as {@code arena} lives. */
    @Override
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

    @Override
    public EmbeddingSettings embeddingSettings() {
        return EmbeddingSettings.ofFolder(path);
    }

    /**
     * SHA-256 over config, tokenizer, chat template, settings and weights, names and lengths included: what a model
     * version is known by.
     */
    @Override
    public String sha256() {
        List<Path> files = new ArrayList<>(List.of(file("config.json"), tokenizer()));
        SETTINGS.stream().map(path::resolve).filter(Files::exists).forEach(files::add);
        files.addAll(EmbeddingSettings.files(path));
        files.addAll(shards());
        return ModelHash.of(path, files);
    }

    @Override
    public long bytes() {
        try {
            long bytes = 0;
            for (Path shard : shards()) {
                bytes += Files.size(shard);
            }
            return bytes;
        } catch (IOException e) {
            throw new BadModelException(path, "cannot be read: " + e.getMessage(), e);
        }
    }
}
