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
        JsonNode json = model.config();
        DecoderConfig config = DecoderConfig.read(model.configFile(), json);
        Map<String, Tensor> usable = new TreeMap<>();
        model.weights(arena).forEach((name, tensor) -> usable.put(name, usable(tensor, arena, format)));
        return new Decoder(
                config, DecoderWeights.of(model.path(), config, usable), Math.min(context, config.context()));
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
