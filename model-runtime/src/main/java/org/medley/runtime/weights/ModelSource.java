package org.medley.runtime.weights;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.medley.runtime.tensor.Tensor;

/**
 * A model on disk. Whatever the files are, they speak Hugging Face's language from here on: its {@code config.json}, its
 * tensor names and layouts, its {@code tokenizer.json}.
 */
public sealed interface ModelSource permits ModelFolder, GgufFile {
    /**
     * Opens a folder or a {@code .gguf} file.
     *
     * @throws BadModelException if the path is neither
     */
    static ModelSource of(Path path) {
        return isGguf(path) ? new GgufFile(path) : new ModelFolder(path);
    }

    /** Whether a path looks like a model at all: a folder with {@code config.json}, or a {@code .gguf} file. */
    static boolean isModel(Path path) {
        return Files.isRegularFile(path.resolve("config.json")) || isGguf(path) && Files.isRegularFile(path);
    }

    /** What a model is called by where it lies: the folder's name, or the file's without {@code .gguf}. */
    static String nameOf(Path path) {
        return path.getFileName().toString().replaceFirst("\\.gguf$", "");
    }

    private static boolean isGguf(Path path) {
        return path.toString().endsWith(".gguf");
    }

    Path path();

    /** The file that {@link #config()} comes from, to name in messages. */
    Path configFile();

    /** What {@code config.json} says, with the end tokens of {@code generation_config.json} among its own. */
    JsonNode config();

    /** All weights, mapped for as long as {@code arena} lives; what had to be rearranged lies in the arena itself. */
    Map<String, Tensor> weights(Arena arena);

    /** The text of {@code tokenizer.json} in UTF-8. */
    byte[] tokenizerJson();

    /** The Jinja chat template, or null if the model has none. */
    String chatTemplate();

    /** The texts of the tokens that templates begin and end with. */
    SpecialTokens specialTokens();

    /** How hidden states become the vector of a text, as far as the files tell. */
    EmbeddingSettings embeddingSettings();

    /**
     * Whether a text that no template wrote begins with the BOS token; empty where only {@link #tokenizerJson()} says.
     */
    Optional<Boolean> addsBos();

    /** What a model version is known by: SHA-256 over all that makes its answers. */
    String sha256();

    /** Size of the weights on disk. */
    long bytes();

    /** Empty where the model has none. */
    record SpecialTokens(String bos, String eos) {}
}
