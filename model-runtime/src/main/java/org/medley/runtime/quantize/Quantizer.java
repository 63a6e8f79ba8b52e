package org.medley.runtime.quantize;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.medley.runtime.network.DecoderLoader;
import org.medley.runtime.network.Network;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.CpuWeights;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.KvPool;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;
import org.medley.runtime.weights.Formats;
import org.medley.runtime.weights.ModelSource;
import org.medley.runtime.weights.SafetensorsWriter;

/** Writes a model anew with smaller matrices, as a folder that appears when it is whole. */
public final class Quantizer {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int CALIBRATION_WINDOW = 256;

    private final ModelSource source;
    private final Scheme scheme;

    public Quantizer(ModelSource source, Scheme scheme) {
        this.source = source;
        this.scheme = scheme;
    }

    /**
     * @param calibration tokens that the model reads to find which columns matter; null to round as it is
     * @return what was done, in words
     * @throws IllegalArgumentException if the target exists, or activations cannot be used with this model
     */
    public String write(Path target, int[] calibration) throws IOException {
        if (Files.exists(target)) {
            throw new IllegalArgumentException(target + " exists; remove it or choose another name");
        }
        Path partial = target.resolveSibling("." + target.getFileName() + ".partial");
        delete(partial);
        Files.createDirectories(partial);
        try (Arena arena = Arena.ofShared()) {
            Map<String, Tensor> tensors = new TreeMap<>(source.weights(arena));
            String how = "rounded to nearest";
            if (calibration != null) {
                how = aware(tensors, calibration, arena);
            }
            weights(tensors, partial.resolve("model.safetensors"));
            Files.write(partial.resolve("tokenizer.json"), source.tokenizerJson());
            config(partial.resolve("config.json"));
            template(partial);
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
            return how;
        } finally {
            delete(partial);
        }
    }

    private String aware(Map<String, Tensor> tensors, int[] calibration, Arena arena) {
        if (!ActivationAware.fits(tensors)) {
            throw new IllegalArgumentException("activation-aware rounding knows models laid out as Llama, Mistral and"
                    + " Qwen are; round this one to nearest (--method rtn)");
        }
        Network network = DecoderLoader.network(source, arena, CALIBRATION_WINDOW, DType.F32);
        Map<String, Tensor> originals = network.matrices();
        Activations activations = watch(network, calibration, arena);
        tensors.replaceAll((name, tensor) -> Formats.toF32(tensor, arena));
        double alpha = new ActivationAware(tensors, originals, activations, scheme.dtype(), arena)
                .apply(network.shape().layers());
        return "activation-aware, mean exponent %.2f".formatted(alpha);
    }

    private static Activations watch(Network network, int[] text, Arena arena) {
        var heads = network.shape().heads();
        int pages = CALIBRATION_WINDOW / KvPool.PAGE;
        int[] all = new int[pages];
        Arrays.setAll(all, i -> i);
        try (Workspace workspace = new Workspace();
                KvPool cache = new KvPool(pages, network.shape().layers(), heads.kv(), heads.size(), DType.F32)) {
            Activations activations = new Activations(
                    new CpuOps(workspace, CpuWeights.of(network.matrices().values(), arena)));
            int window = Math.min(CALIBRATION_WINDOW, network.shape().context());
            for (int from = 0; from < text.length; from += window) {
                workspace.reset();
                int[] tokens = Arrays.copyOfRange(text, from, Math.min(text.length, from + window));
                network.hidden(
                        activations, Batch.of(tokens, List.of(new Batch.Span(0, tokens.length, 0, all, null)), cache));
            }
            return activations;
        }
    }

    private void weights(Map<String, Tensor> tensors, Path file) throws IOException {
        Map<String, SafetensorsWriter.Declared> declared = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            DType format = format(name, tensor);
            declared.put(name, new SafetensorsWriter.Declared(format, tensor.shape()));
            if (format == DType.F8_E4M3) {
                int[] blocks = {
                    Math.ceilDiv(tensor.rows(), Formats.FP8_BLOCK), Math.ceilDiv(tensor.cols(), Formats.FP8_BLOCK)
                };
                declared.put(name + "_scale_inv", new SafetensorsWriter.Declared(DType.F32, blocks));
            }
        });
        try (SafetensorsWriter writer = new SafetensorsWriter(file, declared, Map.of("format", "pt"))) {
            for (var entry : tensors.entrySet()) {
                try (Arena arena = Arena.ofShared()) {
                    write(writer, entry.getKey(), entry.getValue(), arena);
                }
            }
            writer.finish();
        }
    }

    private void write(SafetensorsWriter writer, String name, Tensor tensor, Arena arena) throws IOException {
        DType format = format(name, tensor);
        if (format == DType.F8_E4M3) {
            Tensor fp8 = Formats.toFp8Blocks(tensor, arena);
            writer.write(name, new Tensor(fp8.dtype(), fp8.shape(), fp8.data()));
            writer.write(name + "_scale_inv", fp8.scales().factors());
        } else {
            boolean asStored = format == tensor.dtype() && tensor.scales() == null;
            writer.write(name, asStored ? tensor : Formats.convert(tensor, format, arena));
        }
    }

    private DType format(String name, Tensor tensor) {
        boolean matrix = tensor.shape().length == 2 && !name.endsWith("gate.weight");
        // Stored values with scales of their own would need them stored again; plain ones do not.
        DType kept = tensor.scales() == null ? tensor.dtype() : DType.F32;
        return matrix ? scheme.format(name, kept, tensor.cols()) : kept;
    }

    private void config(Path file) throws IOException {
        ObjectNode config = source.config().deepCopy();
        ObjectNode quantization = config.putObject("quantization_config");
        quantization.put("quant_method", "medley").put("scheme", scheme.label());
        if (scheme == Scheme.FP8) {
            quantization.putArray("weight_block_size").add(Formats.FP8_BLOCK).add(Formats.FP8_BLOCK);
        }
        JSON.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), config);
    }

    private void template(Path folder) throws IOException {
        if (source.chatTemplate() != null) {
            Files.writeString(folder.resolve("chat_template.jinja"), source.chatTemplate());
        }
        ObjectNode tokens = JSON.createObjectNode();
        tokens.put("bos_token", source.specialTokens().bos());
        tokens.put("eos_token", source.specialTokens().eos());
        source.addsBos().ifPresent(adds -> tokens.put("add_bos_token", adds));
        JSON.writeValue(folder.resolve("tokenizer_config.json").toFile(), tokens);
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
