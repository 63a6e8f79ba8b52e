package org.medley.training.trainer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.weights.ModelFolder;
import org.medley.runtime.weights.SafetensorsWriter;

/** Writes a model folder beside its final place and moves it there whole, so that a half-written one is never seen. */
final class ModelWriter {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final List<String> TEXT_FILES =
            List.of("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "generation_config.json");

    private ModelWriter() {}

    /** Gives the tensors to write, one at a time. */
    interface TensorSource {
        Tensor get(String name) throws IOException;
    }

    /** Writes something else into the folder while it is not yet seen. */
    interface Addition {
        Addition NONE = folder -> {};

        void write(Path folder) throws IOException;
    }

    /**
     * @param textFrom folder whose tokenizer files are taken along
     * @param shapes names and shapes in order of writing
     * @param lineage of the model, its hash still open
     * @return the lineage with the hash
     */
    static Lineage write(
            Path target,
            ObjectNode config,
            Path textFrom,
            Map<String, int[]> shapes,
            DType dtype,
            TensorSource source,
            Addition addition,
            Lineage lineage)
            throws IOException {
        Files.createDirectories(target.toAbsolutePath().getParent());
        Path partial = target.resolveSibling("." + target.getFileName() + ".partial");
        delete(partial);
        Files.createDirectory(partial);
        Map<String, SafetensorsWriter.Declared> declared = new LinkedHashMap<>();
        shapes.forEach((name, shape) ->
                declared.put(name, new SafetensorsWriter.Declared(shape.length == 1 ? DType.F32 : dtype, shape)));
        writeTensors(partial.resolve("model.safetensors"), declared, source);
        config.put("torch_dtype", dtype == DType.BF16 ? "bfloat16" : "float32");
        JSON.writeValue(partial.resolve("config.json").toFile(), config);
        for (String file : TEXT_FILES) {
            if (Files.exists(textFrom.resolve(file))) {
                Files.copy(textFrom.resolve(file), partial.resolve(file));
            }
        }
        addition.write(partial);
        String sha256 = new ModelFolder(partial).sha256();
        Lineage known = new Lineage(
                lineage.name(),
                lineage.kind(),
                sha256,
                lineage.createdAt(),
                lineage.recipe(),
                lineage.parents(),
                lineage.datasets(),
                lineage.curve(),
                lineage.metrics());
        known.write(partial);
        if (Files.exists(target)) {
            Path old = target.resolveSibling("." + target.getFileName() + ".old");
            delete(old);
            Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
            delete(old);
        } else {
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
        }
        return known;
    }

    /** @param declared in order of writing */
    static void writeTensors(Path file, Map<String, SafetensorsWriter.Declared> declared, TensorSource source)
            throws IOException {
        try (SafetensorsWriter writer = new SafetensorsWriter(file, declared, Map.of("format", "pt"))) {
            for (String name : declared.keySet()) {
                writer.write(name, source.get(name));
            }
            writer.finish();
        }
    }

    /** The files a tokenizer trained here consists of. */
    static void writeTokenizer(Path folder, String tokenizerJson) throws IOException {
        Files.createDirectories(folder);
        Path partial = folder.resolve("tokenizer.json.partial");
        Files.write(partial, tokenizerJson.getBytes(StandardCharsets.UTF_8));
        Files.move(partial, folder.resolve("tokenizer.json"), StandardCopyOption.ATOMIC_MOVE);
        ObjectNode config = JSON.createObjectNode();
        config.put("tokenizer_class", "PreTrainedTokenizerFast");
        config.put("eos_token", "<|endoftext|>");
        config.put("chat_template", org.medley.runtime.text.ChatTemplate.CHATML);
        JSON.writeValue(folder.resolve("tokenizer_config.json").toFile(), config);
    }

    static void delete(Path path) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        try (Stream<Path> files = Files.walk(path)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
