package org.medley.runtime.network;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.foreign.Arena;
import java.util.Map;
import java.util.TreeMap;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.weights.Formats;
import org.medley.runtime.weights.ModelSource;

/** Reads a decoder from its files. Matrices stay mapped unless another format is asked for; vectors become F32. */
public final class DecoderLoader {
    private DecoderLoader() {}

    /**
     * @param arena how long the weights live
     * @param context longest sequence to prepare for; the configuration's own bound is kept
     * @param format what matrices are converted to, or null to use them as stored
     */
    public static Decoder load(ModelSource model, Arena arena, int context, DType format) {
        DecoderConfig config = DecoderConfig.read(model.configFile(), model.config());
        Map<String, Tensor> tensors = usable(model, arena, format);
        if (config.architecture().equals("Phi3ForCausalLM")) {
            tensors = Phi3.apart(model.path(), config, tensors);
        }
        return new Decoder(
                config, DecoderWeights.of(model.path(), config, tensors), Math.min(context, config.context()));
    }

    /** The same for any family that can be served. */
    public static Network network(ModelSource model, Arena arena, int context, DType format) {
        JsonNode json = model.config();
        return isGemma(json)
                ? new Gemma(model.configFile(), json, usable(model, arena, format), arena, context)
                : load(model, arena, context, format);
    }

    /** What a list of models tells of one. */
    public record Summary(String architecture, int layers, int hidden) {}

    /** @throws org.medley.runtime.weights.BadModelException if it is of no family that can be served */
    public static Summary summary(ModelSource model) {
        JsonNode json = model.config();
        if (isGemma(json)) {
            ConfigReader in = new ConfigReader(model.configFile(), json);
            return new Summary(json.path("architectures").path(0).asText(), in.layers(), in.size("hidden_size"));
        }
        DecoderConfig config = DecoderConfig.read(model.configFile(), json);
        return new Summary(config.architecture(), config.layers(), config.hidden());
    }

    private static boolean isGemma(JsonNode json) {
        return json.path("architectures").path(0).asText("").matches("Gemma[23]ForCausalLM");
    }

    private static Map<String, Tensor> usable(ModelSource model, Arena arena, DType format) {
        Map<String, Tensor> usable = new TreeMap<>();
        model.weights(arena).forEach((name, tensor) -> usable.put(name, usable(tensor, arena, format)));
        return usable;
    }

    private static Tensor usable(Tensor tensor, Arena arena, DType format) {
        if (tensor.shape().length == 1) {
            return tensor.dtype() == DType.F32 && tensor.address() % 4 == 0 ? tensor : Formats.toF32(tensor, arena);
        }
        boolean fits = format != null && tensor.cols() % format.blockElements() == 0;
        if (!fits || format == tensor.dtype()) {
            return tensor;
        }
        return format == DType.F8_E4M3 ? Formats.toFp8Blocks(tensor, arena) : Formats.convert(tensor, format, arena);
    }
}
