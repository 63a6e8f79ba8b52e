package org.medley.runtime.engine;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** A random BERT over the words of the golden tokenizer. */
public final class TinyEncoder {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int WIDTH = 32;
    private static final int INNER = 48;
    private static final int CONTEXT = 48;

    private TinyEncoder() {}

    /** @param scores whether it ends in a head that ranks */
    public static Path write(Path folder, boolean scores, long seed) throws Exception {
        Files.createDirectories(folder);
        ObjectNode tokenizer = (ObjectNode) JSON.readTree(
                Path.of("src/test/resources/golden/tokenizers/wordpiece.json").toFile());
        int cls = tokenizer.at("/model/vocab/[CLS]").asInt();
        int sep = tokenizer.at("/model/vocab/[SEP]").asInt();
        ObjectNode around = tokenizer.putObject("post_processor").put("type", "BertProcessing");
        around.putArray("sep").add("[SEP]").add(sep);
        around.putArray("cls").add("[CLS]").add(cls);
        JSON.writeValue(folder.resolve("tokenizer.json").toFile(), tokenizer);
        int vocabulary = tokenizer.at("/model/vocab").size();
        ObjectNode config = JSON.createObjectNode();
        config.putArray("architectures").add(scores ? "BertForSequenceClassification" : "BertModel");
        config.putObject("id2label").put("0", "LABEL_0");
        config.put("vocab_size", vocabulary)
                .put("hidden_size", WIDTH)
                .put("intermediate_size", INNER)
                .put("num_hidden_layers", 2)
                .put("num_attention_heads", 4)
                .put("max_position_embeddings", CONTEXT)
                .put("type_vocab_size", 2);
        JSON.writeValue(folder.resolve("config.json").toFile(), config);
        RandomWeights.write(folder, shapes(vocabulary, scores), seed);
        return folder;
    }

    private static Map<String, int[]> shapes(int vocabulary, boolean scores) {
        Map<String, int[]> shapes = new LinkedHashMap<>();
        String prefix = scores ? "bert." : "";
        shapes.put(prefix + "embeddings.word_embeddings.weight", new int[] {vocabulary, WIDTH});
        shapes.put(prefix + "embeddings.position_embeddings.weight", new int[] {CONTEXT, WIDTH});
        shapes.put(prefix + "embeddings.token_type_embeddings.weight", new int[] {2, WIDTH});
        norm(shapes, prefix + "embeddings");
        for (int i = 0; i < 2; i++) {
            String layer = prefix + "encoder.layer." + i + ".";
            dense(shapes, layer + "attention.self.query", WIDTH, WIDTH);
            dense(shapes, layer + "attention.self.key", WIDTH, WIDTH);
            dense(shapes, layer + "attention.self.value", WIDTH, WIDTH);
            dense(shapes, layer + "attention.output.dense", WIDTH, WIDTH);
            norm(shapes, layer + "attention.output");
            dense(shapes, layer + "intermediate.dense", INNER, WIDTH);
            dense(shapes, layer + "output.dense", WIDTH, INNER);
            norm(shapes, layer + "output");
        }
        if (scores) {
            dense(shapes, "bert.pooler.dense", WIDTH, WIDTH);
            dense(shapes, "classifier", 1, WIDTH);
        }
        return shapes;
    }

    private static void dense(Map<String, int[]> shapes, String name, int rows, int cols) {
        shapes.put(name + ".weight", new int[] {rows, cols});
        shapes.put(name + ".bias", new int[] {rows});
    }

    private static void norm(Map<String, int[]> shapes, String part) {
        shapes.put(part + ".LayerNorm.weight", new int[] {WIDTH});
        shapes.put(part + ".LayerNorm.bias", new int[] {WIDTH});
    }
}
