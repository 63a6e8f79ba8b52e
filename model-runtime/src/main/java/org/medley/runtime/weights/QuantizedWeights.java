package org.medley.runtime.weights;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Scales;
import org.medley.runtime.tensor.Tensor;

/**
 * Puts FP8 weights and the scales stored beside them together, as {@code quantization_config} in {@code config.json}
 * says: {@code X.weight} with {@code X.weight_scale_inv} in blocks, or with {@code X.weight_scale}, one per row or one
 * for all. Either holds what stored values are multiplied by, in spite of the first one's name.
 */
final class QuantizedWeights {
    private static final String BLOCKS = "_scale_inv";
    private static final String PLAIN = "_scale";

    private final Path model;
    private final JsonNode quantization;
    private final Map<String, Tensor> stored;
    private final Arena arena;

    private QuantizedWeights(Path model, JsonNode quantization, Map<String, Tensor> stored, Arena arena) {
        this.model = model;
        this.quantization = quantization;
        this.stored = stored;
        this.arena = arena;
    }

    /**
     * The tensors under their names, FP8 ones with their scales and these no longer by themselves.
     *
     * @param config config.json
     * @throws BadModelException if the scheme is another, or scales are missing, do not fit or are not positive numbers
     */
    static Map<String, Tensor> joined(Path model, JsonNode config, Map<String, Tensor> stored, Arena arena) {
        JsonNode quantization = config.path("quantization_config");
        if (quantization.isMissingNode() || quantization.isNull()) {
            return stored;
        }
        String method = quantization.path("quant_method").asText("");
        boolean readable = switch (method) {
            case "fp8", "fbgemm_fp8" -> true;
            case "medley" -> quantization.path("scheme").asText("").matches("q8_0|q4_0|fp8_block");
            case "compressed-tensors" ->
                quantization.path("format").asText("").matches("float-quantized|naive-quantized");
            default -> false;
        };
        if (!readable) {
            throw new BadModelException(
                    model,
                    "quantization_config has quant_method '" + method
                            + "'; fp8, fbgemm_fp8, compressed-tensors with format float-quantized, and medley with"
                            + " scheme q8_0, q4_0 or fp8_block can be read");
        }
        return new QuantizedWeights(model, quantization, stored, arena).join();
    }

    private Map<String, Tensor> join() {
        Map<String, Tensor> joined = new TreeMap<>(stored);
        stored.forEach((name, tensor) -> {
            if (tensor.dtype() != DType.F8_E4M3 && tensor.dtype() != DType.F8_E5M2) {
                return;
            }
            String scales = stored.containsKey(name + BLOCKS) ? name + BLOCKS : name + PLAIN;
            if (!stored.containsKey(scales)) {
                throw new BadModelException(
                        model,
                        "tensor " + name + " is " + tensor.dtype().label() + " without " + name + BLOCKS + " or " + name
                                + PLAIN);
            }
            joined.put(name, scaled(name, tensor, scales));
            joined.remove(scales);
        });
        for (String name : joined.keySet()) {
            if (name.endsWith(".weight" + BLOCKS) || name.endsWith(".weight" + PLAIN)) {
                throw new BadModelException(model, "scales " + name + " belong to no FP8 tensor");
            }
        }
        return joined;
    }

    private Tensor scaled(String name, Tensor tensor, String scaleName) {
        Tensor factors = Formats.toF32(stored.get(scaleName), arena);
        for (long i = 0; i < factors.size(); i++) {
            float factor = factors.get(i);
            if (!(factor > 0) || Float.isInfinite(factor)) {
                throw new BadModelException(
                        model,
                        "scales " + scaleName + " hold " + factor + " at " + i + "; positive numbers are needed");
            }
        }
        try {
            return tensor.scaled(scales(tensor, factors, scaleName.endsWith(BLOCKS)));
        } catch (IllegalArgumentException e) {
            throw new BadModelException(model, "tensor " + name + ": " + e.getMessage(), e);
        }
    }

    private Scales scales(Tensor tensor, Tensor factors, boolean blocks) {
        if (factors.size() == 1) {
            return new Scales(new Tensor(DType.F32, new int[] {1, 1}, factors.data()), tensor.rows(), tensor.cols());
        }
        if (!blocks) {
            Tensor column = new Tensor(DType.F32, new int[] {Math.toIntExact(factors.size()), 1}, factors.data());
            return new Scales(column, 1, tensor.cols());
        }
        JsonNode block = quantization.path("weight_block_size");
        if (block.isMissingNode()) {
            return new Scales(factors, Formats.FP8_BLOCK, Formats.FP8_BLOCK);
        }
        boolean sizes =
                block.size() == 2 && block.get(0).isInt() && block.get(1).isInt();
        if (!sizes || block.get(0).asInt() < 1 || block.get(1).asInt() < 1) {
            throw new BadModelException(model, "weight_block_size is " + block + "; it must be two positive integers");
        }
        return new Scales(factors, block.get(0).asInt(), block.get(1).asInt());
    }
}
