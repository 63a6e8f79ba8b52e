package org.medley.runtime.network;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.medley.runtime.tensor.Tensor;

/**
 * A decoder over F32 tensors that training changes.
 *
 * @param parameters each tensor that the network reads, by the name it has in it, in the checkpoint's order. Some are
 *     views of stored ones (Phi-3), some hold a stored one's values and one (Gemma's norms)
 * @param stored the checkpoint's tensors by name, brought up to date by {@link #settle()}
 */
public record Trainable(Network network, Map<String, Tensor> parameters, Map<String, Tensor> stored) {
    private static final float GEMMA_NORM = 1;

    /**
     * @param file of the configuration, for messages
     * @param stored F32, every tensor of {@link #shapes}; kept and trained
     * @param context longest sequence
     * @throws org.medley.runtime.weights.BadModelException if the family is unknown or a tensor does not fit
     */
    public static Trainable of(Path file, JsonNode json, Map<String, Tensor> stored, Arena arena, int context) {
        if (DecoderLoader.isGemma(json)) {
            Gemma gemma = new Gemma(file, json, stored, arena, context);
            return new Trainable(gemma, gemma.parameters(), stored);
        }
        DecoderConfig config = DecoderConfig.read(file, json);
        Map<String, Tensor> apart = isPhi(config) ? Phi3.apart(file, config, stored) : stored;
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        DecoderWeights.shapes(config).keySet().forEach(name -> parameters.put(name, apart.get(name)));
        Decoder decoder = new Decoder(config, DecoderWeights.of(file, config, apart), context);
        return new Trainable(decoder, parameters, stored);
    }

    /** Names and shapes of the tensors that a checkpoint of this configuration consists of, in order. */
    public static Map<String, int[]> shapes(Path file, JsonNode json) {
        if (DecoderLoader.isGemma(json)) {
            return Gemma.shapes(file, json);
        }
        DecoderConfig config = DecoderConfig.read(file, json);
        Map<String, int[]> shapes = DecoderWeights.shapes(config);
        return isPhi(config) ? Phi3.together(shapes) : shapes;
    }

    private static boolean isPhi(DecoderConfig config) {
        return config.architecture().equals("Phi3ForCausalLM");
    }

    /** Whether the checkpoint holds this tensor less one. */
    private boolean lessOne(String name) {
        return network instanceof Gemma && parameters.get(name).shape().length == 1;
    }

    /** Brings what is stored up to date with what was trained. */
    public void settle() {
        parameters.forEach((name, tensor) -> {
            if (lessOne(name)) {
                float[] values = tensor.toArray();
                for (int i = 0; i < values.length; i++) {
                    values[i] -= GEMMA_NORM;
                }
                stored.get(name).copyFrom(values);
            }
        });
    }
}
