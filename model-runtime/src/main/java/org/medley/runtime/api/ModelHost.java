package org.medley.runtime.api;

import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.medley.runtime.embed.BgeSmallEmbedder;
import org.medley.runtime.embed.Embedder;
import org.medley.runtime.engine.Engine;
import org.medley.runtime.engine.EngineObserver;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.weights.ModelSource;

/** The engines in memory, loaded when first asked for; the one unused longest leaves when there would be too many. */
@ApplicationScoped
public class ModelHost {
    private static final long DRAIN_MILLIS = 20_000;

    private final ModelDirectory directory;
    private final int most;
    private final int context;
    private final DType format;
    private final Engine.Limits limits;
    private final Map<Path, Engine> engines = new LinkedHashMap<>(8, 0.75f, true);
    private Embedder embedder;

    ModelHost(
            ModelDirectory directory,
            @ConfigProperty(name = "medley.runtime.loaded-models", defaultValue = "3") int most,
            @ConfigProperty(name = "medley.runtime.context", defaultValue = "4096") int context,
            @ConfigProperty(name = "medley.runtime.format", defaultValue = "stored") String format,
            @ConfigProperty(name = "medley.runtime.sequences", defaultValue = "16") int sequences,
            @ConfigProperty(name = "medley.runtime.waiting", defaultValue = "256") int waiting) {
        this.directory = directory;
        this.most = most;
        this.context = context;
        this.format = switch (format.toLowerCase(Locale.ROOT)) {
            case "stored" -> null;
            case "f32" -> DType.F32;
            case "bf16" -> DType.BF16;
            case "q8" -> DType.Q8;
            default ->
                throw new IllegalArgumentException(
                        "medley.runtime.format is '" + format + "'; stored, f32, bf16 and q8 are possible");
        };
        this.limits = new Engine.Limits(sequences, waiting, Engine.Limits.DEFAULT.stepTokens());
    }

    List<ModelDirectory.Entry> list() {
        return directory.list();
    }

    /** An engine and the name its model goes by, which an alias does not tell. */
    public record Hosted(String name, Engine engine) {}

    /** The engine of a model, loaded now if need be; empty if no model goes by the name. */
    public Optional<Hosted> engine(String model) {
        return directory.find(model).map(entry -> new Hosted(entry.name(), engine(entry)));
    }

    synchronized Engine engine(ModelDirectory.Entry entry) {
        Engine engine = engines.get(entry.folder());
        if (engine == null) {
            makeRoom();
            engine = new Engine(
                    entry.name(),
                    ModelSource.of(entry.folder()),
                    Engine.Options.DEFAULT
                            .withContext(context)
                            .withFormat(format)
                            .withLimits(limits),
                    EngineObserver.NONE);
            engines.put(entry.folder(), engine);
        }
        return engine;
    }

    private void makeRoom() {
        while (engines.size() >= most) {
            var oldest = engines.entrySet().iterator().next();
            engines.remove(oldest.getKey());
            Engine leaving = oldest.getValue();
            Thread.ofPlatform().name("medley-unload").daemon().start(() -> leaving.drain(DRAIN_MILLIS));
        }
    }

    /** The embedding model, shared by the API and by search. */
    public synchronized Embedder embedder() {
        if (embedder == null) {
            embedder = new BgeSmallEmbedder();
        }
        return embedder;
    }

    @PreDestroy
    synchronized void close() {
        engines.values().forEach(engine -> engine.drain(DRAIN_MILLIS));
        engines.clear();
    }
}
