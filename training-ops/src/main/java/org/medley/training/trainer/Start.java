package org.medley.training.trainer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.medley.runtime.network.Trainable;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.text.Tokenizer;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.Formats;
import org.medley.runtime.weights.ModelFolder;
import org.medley.training.data.Source;
import org.medley.training.recipe.BadRecipeException;
import org.medley.training.recipe.ModelSection;
import org.medley.training.recipe.TrainRecipe;
import org.medley.training.tokenizer.BpeTrainer;

/**
 * What a run starts from.
 *
 * @param from the model that is trained on, or null
 * @param text the model whose tokenizer is used
 * @param config of the trained model
 * @param end token behind each document
 */
record Start(ModelFolder from, ModelFolder text, ObjectNode config, Tokenizer tokenizer, int end)
        implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * @param sources the run's data, in which a tokenizer may be trained
     * @param work where that is kept
     */
    static Start of(TrainRecipe recipe, Catalog catalog, List<Source> sources, Path work, RunListener listener)
            throws IOException {
        ModelSection model = recipe.model();
        ModelFolder from = model.from() == null ? null : new ModelFolder(catalog.model(model.from()));
        ModelFolder text =
                from != null ? from : new ModelFolder(tokenizerFolder(model, catalog, sources, work, listener));
        Tokenizer tokenizer = new Tokenizer(text);
        try {
            Set<Integer> ends = from != null ? Set.of() : endTokens(text, tokenizer);
            ObjectNode config = from != null
                    ? (ObjectNode) from.config()
                    : ScratchModel.config(model.scratch(), vocabulary(text), ends);
            int context = config.path("max_position_embeddings").asInt(0);
            if (recipe.sequence() > context) {
                throw new BadRecipeException("sequence of " + recipe.sequence()
                        + " tokens is longer than the model's context, " + context + "; set sequence to that or less");
            }
            return new Start(from, text, config, tokenizer, end(text, config, tokenizer));
        } catch (RuntimeException e) {
            tokenizer.close();
            throw e;
        }
    }

    /** Of the model that is trained on, as its files are now, every one of which is read; null from scratch. */
    Lineage lineage() {
        return from == null ? null : Lineage.read(from.path(), from.sha256());
    }

    /** The token that the tokenizer's settings name, or else the first that ends a generation. */
    private static int end(ModelFolder text, ObjectNode config, Tokenizer tokenizer) {
        String named = text.specialTokens().eos();
        int[] ids = named.isEmpty() ? new int[0] : tokenizer.encode(named);
        if (ids.length == 1) {
            return ids[0];
        }
        int listed = config.path("eos_token_id").isArray()
                ? config.path("eos_token_id").path(0).asInt(-1)
                : config.path("eos_token_id").asInt(-1);
        if (listed < 0) {
            throw new BadModelException(
                    text.path(), "names no token that ends a text; set eos_token in tokenizer_config.json");
        }
        return listed;
    }

    private static Set<Integer> endTokens(ModelFolder text, Tokenizer tokenizer) {
        Set<Integer> ends = new LinkedHashSet<>();
        for (String token : List.of(text.specialTokens().eos(), "<|im_end|>")) {
            int[] ids = token.isEmpty() ? new int[0] : tokenizer.encode(token);
            if (ids.length == 1) {
                ends.add(ids[0]);
            }
        }
        return ends;
    }

    /** A tokenizer of an earlier model, or one trained on this run's own texts, made once per run. */
    private static Path tokenizerFolder(
            ModelSection model, Catalog catalog, List<Source> sources, Path work, RunListener listener)
            throws IOException {
        if (model.tokenizer() != null) {
            return catalog.model(model.tokenizer());
        }
        Path folder = work.resolve("tokenizer");
        if (!Files.exists(folder.resolve("tokenizer_config.json"))) {
            listener.message("trains a tokenizer");
            ModelWriter.writeTokenizer(folder, BpeTrainer.train(texts(sources), model.vocabulary()));
        }
        return folder;
    }

    private static Iterable<String> texts(List<Source> sources) {
        return () -> sources.stream()
                .flatMap(source ->
                        java.util.stream.StreamSupport.stream(source.texts().spliterator(), false))
                .iterator();
    }

    private static int vocabulary(ModelFolder folder) throws IOException {
        return JSON.readTree(folder.tokenizer().toFile())
                .path("model")
                .path("vocab")
                .size();
    }

    /** Of the configuration, for messages. */
    Path file() {
        return text.path().resolve("config.json");
    }

    /** Its weights in F32, to be trained. */
    Trainable load(long seed, int context, Arena arena) {
        Path file = file();
        Map<String, Tensor> stored =
                from == null ? ScratchModel.weights(file, config, seed, arena) : stored(file, arena);
        return Trainable.of(file, config, stored, arena, context);
    }

    private Map<String, Tensor> stored(Path file, Arena arena) {
        Map<String, Tensor> stored = new LinkedHashMap<>();
        try (Arena mapping = Arena.ofShared()) {
            Map<String, Tensor> mapped = from.weights(mapping);
            Trainable.shapes(file, config).keySet().forEach(name -> {
                Tensor tensor = mapped.get(name);
                if (tensor == null) {
                    throw new BadModelException(from.path(), "tensor " + name + " is missing");
                }
                stored.put(name, Formats.toF32(tensor, arena));
            });
        }
        return stored;
    }

    int vocabulary() {
        return config.get("vocab_size").asInt();
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
