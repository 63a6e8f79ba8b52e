package org.medley.runtime.api;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.medley.runtime.engine.Device;
import org.medley.runtime.engine.EngineOptions;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.weights.ModelSource;

/** How models are loaded and served. */
@ConfigMapping(prefix = "medley.runtime")
interface RuntimeConfig {
    /** Folder of models of a runtime that runs by itself. */
    @WithDefault("models")
    Path models();

    /** Its bearer key; without one nobody is let in. */
    Optional<String> apiKey();

    /** Whether this is a runtime by itself; fixed when it is built. */
    @WithDefault("false")
    boolean standalone();

    /** The model whose answer makes it ready; the first if it is not set. */
    Optional<String> readyModel();

    /** Most models in memory. */
    @WithDefault("3")
    int loadedModels();

    /** Most memory of all weights; half of the machine's if it is not set. */
    Optional<MemorySize> memory();

    /** Longest sequence prepared for, if the model has it. */
    @WithDefault("4096")
    int context();

    /** What models run on: auto (a CUDA device where there is one), cpu, cuda, or cuda:n for one of several. */
    @WithDefault("auto")
    String device();

    /** What matrices are converted to when a model is loaded. */
    @WithDefault("stored")
    String format();

    /** What keys and values are stored as: auto is f32 on the processor, bf16 on a CUDA device. */
    @WithDefault("auto")
    String cacheFormat();

    /** Most memory of keys and values, per model. */
    @WithDefault("1G")
    MemorySize cacheMemory();

    /** Most answers generated at once per model. */
    @WithDefault("64")
    int sequences();

    /** Most answers that wait per model. */
    @WithDefault("256")
    int waiting();

    /** Most tokens of one pass. */
    @WithDefault("512")
    int stepTokens();

    /** Most tokens guessed ahead per answer and pass. */
    @WithDefault("0")
    int drafts();

    /** Folder or file of a smaller model that guesses. */
    Optional<Path> draftModel();

    default EngineOptions options() {
        Map<String, DType> formats =
                Map.of("f32", DType.F32, "f16", DType.F16, "bf16", DType.BF16, "q8", DType.Q8, "q4", DType.Q4_0);
        Map<String, DType> cacheFormats =
                Map.of("f32", DType.F32, "f16", DType.F16, "bf16", DType.BF16, "q8", DType.Q8, "fp8", DType.F8_E4M3);
        DType stored = format().equalsIgnoreCase("stored")
                ? null
                : chosen("format", format(), formats, "stored, f32, f16, bf16, q8 and q4");
        return new EngineOptions(
                context(),
                stored,
                cacheFormat().equalsIgnoreCase("auto")
                        ? null
                        : chosen("cache-format", cacheFormat(), cacheFormats, "auto, f32, f16, bf16, q8 and fp8"),
                cacheMemory().asLongValue(),
                drafts(),
                draftModel().map(ModelSource::of).orElse(null),
                new EngineOptions.Limits(sequences(), waiting(), Math.max(stepTokens(), sequences())),
                device(device()));
    }

    private static Device device(String value) {
        try {
            return Device.of(value);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("medley.runtime." + e.getMessage(), e);
        }
    }

    private static <T> T chosen(String name, String value, Map<String, T> possible, String named) {
        T found = possible.get(value.toLowerCase(Locale.ROOT));
        if (found == null) {
            throw new IllegalArgumentException(
                    "medley.runtime." + name + " is '" + value + "'; " + named + " are possible");
        }
        return found;
    }
}
