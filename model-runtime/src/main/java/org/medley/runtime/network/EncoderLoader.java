package org.medley.runtime.network;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.foreign.Arena;
import java.util.Map;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.ModelSource;

/** Reads an encoder from its files. */
public final class EncoderLoader {
    private static final String SCORES = "ForSequenceClassification";

    private EncoderLoader() {}

    /** Whether a {@code config.json} is that of an encoder, which embeds or scores texts and writes none. */
    public static boolean isEncoder(JsonNode config) {
        return architecture(config)
                .matches("(Bert|Roberta|XLMRoberta|ModernBert)(Model|ForMaskedLM|ForSequenceClassification)");
    }

    /**
     * @param arena how long the weights live
     * @param format what matrices are converted to, or null to use them as stored
     */
    public static Encoder load(ModelSource model, Arena arena, DType format) {
        JsonNode json = model.config();
        if (!isEncoder(json)) {
            throw new BadModelException(
                    model.configFile(), "architecture '" + architecture(json) + "' is not one of an encoder");
        }
        Map<String, Tensor> tensors = LoadedTensors.of(model, arena, format);
        return architecture(json).startsWith("Modern")
                ? new ModernBert(model.configFile(), json, tensors)
                : new Bert(model.configFile(), json, tensors);
    }

    static String architecture(JsonNode config) {
        return config.path("architectures").path(0).asText("");
    }

    /** Whether it ends in a head of one score; several would be classes, which nothing here asks for. */
    static boolean scores(JsonNode config) {
        JsonNode labels = config.path("id2label");
        int count = config.path("num_labels").asInt(labels.isObject() ? labels.size() : 2);
        return architecture(config).endsWith(SCORES) && count == 1;
    }
}
