package org.medley.runtime.engine;

import org.medley.runtime.tensor.DType;
import org.medley.runtime.weights.ModelSource;

/**
 * How a model is served.
 *
 * @param context longest sequence to prepare for; the model's own bound is kept
 * @param format what matrices are converted to when the model is loaded, or null to use them as stored
 * @param cacheFormat of keys and values, or null for the device's own: F32 on the processor, BF16 on a CUDA device
 * @param cacheBytes most memory of keys and values
 * @param drafts most tokens guessed ahead per sequence and step; 0 to guess none
 * @param draftModel a smaller model with the same tokenizer that guesses; null to guess from the text itself
 * @param device what the models run on
 */
public record EngineOptions(
        int context,
        DType format,
        DType cacheFormat,
        long cacheBytes,
        int drafts,
        ModelSource draftModel,
        Limits limits,
        Device device) {
    /**
     * @param sequences most sequences that run at once
     * @param waiting most requests that wait; more are refused
     * @param stepTokens most tokens of one step; longer prompts are run in pieces
     */
    public record Limits(int sequences, int waiting, int stepTokens) {
        public static final Limits DEFAULT = new Limits(64, 256, 512);
    }

    public static final EngineOptions DEFAULT =
            new EngineOptions(4096, null, null, 1L << 30, 0, null, Limits.DEFAULT, Device.CPU);

    public EngineOptions withContext(int value) {
        return new EngineOptions(value, format, cacheFormat, cacheBytes, drafts, draftModel, limits, device);
    }

    public EngineOptions withFormat(DType value) {
        return new EngineOptions(context, value, cacheFormat, cacheBytes, drafts, draftModel, limits, device);
    }

    public EngineOptions withCache(DType value, long bytes) {
        return new EngineOptions(context, format, value, bytes, drafts, draftModel, limits, device);
    }

    public EngineOptions withDrafts(int value, ModelSource model) {
        return new EngineOptions(context, format, cacheFormat, cacheBytes, value, model, limits, device);
    }

    public EngineOptions withLimits(Limits value) {
        return new EngineOptions(context, format, cacheFormat, cacheBytes, drafts, draftModel, value, device);
    }

    public EngineOptions withDevice(Device value) {
        return new EngineOptions(context, format, cacheFormat, cacheBytes, drafts, draftModel, limits, value);
    }

    /** @param own the device's */
    DType cacheFormatOr(DType own) {
        return cacheFormat == null ? own : cacheFormat;
    }
}
