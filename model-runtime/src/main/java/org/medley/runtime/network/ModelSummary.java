package org.medley.runtime.network;

import com.fasterxml.jackson.databind.JsonNode;
import org.medley.runtime.weights.ModelSource;

/** What a list of models tells of one. */
public record ModelSummary(String architecture, int layers, int hidden) {
    /** @throws org.medley.runtime.weights.BadModelException if it is of no family that can be served */
    public static ModelSummary of(ModelSource model) {
        JsonNode json = model.config();
        if (EncoderLoader.isEncoder(json) || DecoderLoader.isGemma(json)) {
            ConfigReader in = new ConfigReader(model.configFile(), json);
            return new ModelSummary(EncoderLoader.architecture(json), in.layers(), in.size("hidden_size"));
        }
        DecoderConfig config = DecoderConfig.read(model.configFile(), json);
        return new ModelSummary(config.architecture(), config.layers(), config.hidden());
    }
}
