package org.medley.runtime.network;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.foreign.Arena;
import java.util.Map;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.weights.ModelSource;

/** Reads a decoder from its files. */
public final class DecoderLoader {
    private DecoderLoader() {}

    /**
     * @param arena how long the weights live
     * @param context longest sequence to prepare for; the configuration's own bound is kept
     * @param format what matrices are converted to, or null to use them as stored
     */
    public static Decoder load(ModelSource model, Arena arena, int context, DType format) {
        DecoderConfig config = DecoderConfig.read(model.configFile(), model.config());
        Map<String, Tensor> tensors = LoadedTensors.of(model, arena, format);
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
                ? new Gemma(model.configFile(), json, LoadedTensors.of(model, arena, format), arena, context)
                : load(model, arena, context, format);
    }

    static boolean isGemma(JsonNode json) {
        return json.path("architectures").path(0).asText("").matches("Gemma[23]ForCausalLM");
    }
}
