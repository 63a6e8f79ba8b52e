package org.medley.runtime.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.OperatingSystemMXBean;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.medley.runtime.embed.BgeSmallEmbedder;
import org.medley.runtime.embed.Embedder;
import org.medley.runtime.engine.Engine;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.ModelSource;

/**
 * The engines in memory, loaded when first asked for. When there would be too many, or too much memory would be taken,
 * the one unused longest leaves, idle ones first.
 */
@ApplicationScoped
public class ModelHost {
    private static final long DRAIN_MILLIS = 20_000;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ModelDirectory directory;
    private final RuntimeConfig config;
    private final EngineMetrics metrics;
    private final Engine.Options options;
    private final long budget;
    private final Map<Path, Loaded> engines = new LinkedHashMap<>(8, 0.75f, true);
    private Embedder embedder;

    /** @param bytes taken, as far as is known before it is loaded */
    private record Loaded(CompletableFuture<Engine> engine, long bytes, Set<String> adapters) {
        boolean idle() {
            return engine.isDone()
                    && !engine.isCompletedExceptionally()
                    && engine.join().load() == 0;
        }
    }

    ModelHost(ModelDirectory directory, RuntimeConfig config, EngineMetrics metrics) {
        this.directory = directory;
        this.config = config;
        this.metrics = metrics;
        this.options = config.options();
        long memory = ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getTotalMemorySize();
        this.budget = config.memory().map(size -> size.asLongValue()).orElse(memory / 2);
    }

    List<ModelDirectory.Entry> list() {
        return directory.list();
    }

    /** Whose share a request takes. */
    String tenant() {
        return directory.tenant();
    }

    /** @param name what its model goes by, which an alias does not tell; adapter null for none */
    public record Hosted(String name, Engine engine, String adapter) {}

    /** The engine of a model, loaded now if need be; empty if no model goes by the name. */
    public Optional<Hosted> engine(String model) {
        return directory.find(model).map(this::hosted);
    }

    private Hosted hosted(ModelDirectory.Entry entry) {
        Path adapter = entry.folder().resolve("adapter_config.json");
        if (!Files.exists(adapter)) {
            return new Hosted(entry.name(), engine(entry), null);
        }
        String base = base(adapter);
        ModelDirectory.Entry under = directory
                .find(base)
                .filter(found -> !Files.exists(found.folder().resolve("adapter_config.json")))
                .orElseThrow(() ->
                        new BadModelException(adapter, "adapts '" + base + "', which is not among the models here"));
        Engine engine = engine(under);
        synchronized (engines) {
            Loaded loaded = engines.get(under.folder());
            if (loaded != null && !loaded.adapters.contains(entry.name())) {
                try {
                    engine.addAdapter(entry.name(), entry.folder()).join();
                } catch (CompletionException e) {
                    throw e.getCause() instanceof RuntimeException problem ? problem : e;
                }
                loaded.adapters.add(entry.name());
            }
        }
        return new Hosted(entry.name(), engine, entry.name());
    }

    /** The last part of what the adapter says it was trained on. */
    private static String base(Path adapterConfig) {
        try {
            JsonNode json = JSON.readTree(adapterConfig.toFile());
            return json.path("base_model_name_or_path").asText("").replaceFirst(".*/", "");
        } catch (IOException e) {
            throw new BadModelException(adapterConfig, "is not valid JSON: " + e.getMessage(), e);
        }
    }

    Engine engine(ModelDirectory.Entry entry) {
        CompletableFuture<Engine> mine = new CompletableFuture<>();
        Loaded loaded;
        synchronized (engines) {
            loaded = engines.get(entry.folder());
            if (loaded == null) {
                long bytes = ModelSource.of(entry.folder()).bytes();
                makeRoom(entry, bytes);
                engines.put(entry.folder(), new Loaded(mine, bytes, new HashSet<>()));
            }
        }
        try {
            return loaded == null ? load(entry, mine) : loaded.engine.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException problem ? problem : e;
        }
    }

    private Engine load(ModelDirectory.Entry entry, CompletableFuture<Engine> mine) {
        try {
            Engine engine =
                    new Engine(entry.name(), ModelSource.of(entry.folder()), options, metrics.observer(entry.name()));
            mine.complete(engine);
            return engine;
        } catch (RuntimeException | Error e) {
            synchronized (engines) {
                engines.remove(entry.folder());
            }
            mine.completeExceptionally(e);
            throw e;
        }
    }

    private void makeRoom(ModelDirectory.Entry entry, long bytes) {
        if (bytes > budget) {
            throw new BadModelException(
                    entry.folder(),
                    "takes " + (bytes >> 20) + " MiB; models may take " + (budget >> 20)
                            + " MiB together (medley.runtime.memory)");
        }
        while (engines.size() >= config.loadedModels()
                || engines.values().stream().mapToLong(Loaded::bytes).sum() + bytes > budget) {
            // The map is in order of use; a stable sort keeps that order among the idle and among the busy.
            var leaving = engines.entrySet().stream()
                    .min(Comparator.comparing(e -> !e.getValue().idle()))
                    .orElseThrow();
            engines.remove(leaving.getKey());
            leaving.getValue()
                    .engine
                    .thenAccept(engine ->
                            Thread.ofPlatform().name("medley-unload").daemon().start(() -> engine.drain(DRAIN_MILLIS)));
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
    void close() {
        synchronized (engines) {
            engines.values().forEach(loaded -> loaded.engine.thenAccept(engine -> engine.drain(DRAIN_MILLIS)));
            engines.clear();
        }
    }
}
