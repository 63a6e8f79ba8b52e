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
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.medley.runtime.embed.BgeSmallEmbedder;
import org.medley.runtime.embed.Embedder;
import org.medley.runtime.engine.EncoderEngine;
import org.medley.runtime.engine.Engine;
import org.medley.runtime.engine.EngineOptions;
import org.medley.runtime.engine.ServedModel;
import org.medley.runtime.network.EncoderLoader;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.ModelSource;

/**
 * The models in memory, loaded when first asked for. When there would be too many, or too much memory would be taken,
 * the one unused longest leaves, idle ones first.
 */
@ApplicationScoped
public class ModelHost {
    private static final long DRAIN_MILLIS = 20_000;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ModelDirectory directory;
    private final RuntimeConfig config;
    private final EngineMetrics metrics;
    private final EngineOptions options;
    private final long budget;
    private final Map<Path, Loaded> models = new LinkedHashMap<>(8, 0.75f, true);
    private Embedder embedder;

    /**
     * @param bytes taken, as far as is known before it is loaded
     * @param adapters over it, by name
     */
    private record Loaded(
            CompletableFuture<ServedModel> model, long bytes, Map<String, CompletableFuture<Void>> adapters) {
        boolean idle() {
            return model.isDone()
                    && !model.isCompletedExceptionally()
                    && model.join().load() == 0;
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

    /** The engine of a model that writes, loaded now if need be; empty if no model goes by the name. */
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
        while (true) {
            Engine engine = engine(under);
            CompletableFuture<Void> read = adapter(entry, under, engine);
            if (read != null) {
                joined(read);
                return new Hosted(entry.name(), engine, entry.name());
            }
        }
    }

    /** The reading of an adapter by an engine, begun now if need be; null if the engine had to leave meanwhile. */
    private CompletableFuture<Void> adapter(ModelDirectory.Entry entry, ModelDirectory.Entry under, Engine engine) {
        synchronized (models) {
            Loaded loaded = models.get(under.folder());
            if (loaded == null || loaded.model.getNow(null) != engine) {
                return null;
            }
            CompletableFuture<Void> read = loaded.adapters.get(entry.name());
            if (read == null || read.isCompletedExceptionally()) {
                read = engine.addAdapter(entry.name(), entry.folder());
                loaded.adapters.put(entry.name(), read);
            }
            return read;
        }
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
        if (model(entry) instanceof Engine engine) {
            return engine;
        }
        throw ApiException.invalid("model", entry.name() + " embeds or ranks texts and writes none");
    }

    ServedModel model(ModelDirectory.Entry entry) {
        CompletableFuture<ServedModel> mine = new CompletableFuture<>();
        Loaded loaded;
        synchronized (models) {
            loaded = models.get(entry.folder());
            if (loaded == null) {
                long bytes = ModelSource.of(entry.folder()).bytes();
                makeRoom(entry, bytes);
                loaded = new Loaded(mine, bytes, new HashMap<>());
                models.put(entry.folder(), loaded);
            }
        }
        return loaded.model == mine ? load(entry, loaded) : joined(loaded.model);
    }

    private static <T> T joined(CompletableFuture<T> future) {
        try {
            return future.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException problem ? problem : e;
        }
    }

    private ServedModel load(ModelDirectory.Entry entry, Loaded mine) {
        try {
            ModelSource source = ModelSource.of(entry.folder());
            ServedModel model = EncoderLoader.isEncoder(source.config())
                    ? new EncoderEngine(entry.name(), source, options, metrics.encoder(entry.name()))
                    : new Engine(entry.name(), source, options, metrics.observer(entry.name()));
            mine.model.complete(model);
            return model;
        } catch (RuntimeException | Error e) {
            synchronized (models) {
                models.remove(entry.folder(), mine);
            }
            mine.model.completeExceptionally(e);
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
        while (models.size() >= config.loadedModels()
                || models.values().stream().mapToLong(Loaded::bytes).sum() + bytes > budget) {
            // The map is in order of use; a stable sort keeps that order among the idle and among the busy.
            var leaving = models.entrySet().stream()
                    .min(Comparator.comparing(e -> !e.getValue().idle()))
                    .orElseThrow();
            models.remove(leaving.getKey());
            leaving.getValue()
                    .model
                    .thenAccept(model ->
                            Thread.ofPlatform().name("medley-unload").daemon().start(() -> model.drain(DRAIN_MILLIS)));
        }
    }

    /** The embedding model that comes along, shared by the API and by search. */
    public synchronized Embedder embedder() {
        if (embedder == null) {
            embedder = new BgeSmallEmbedder();
        }
        return embedder;
    }

    /** What embeds or ranks under a name, loaded now if need be; empty if no model goes by it. */
    Optional<Embedder> embedder(String model) {
        if (model.equals(BgeSmallEmbedder.ID)) {
            return Optional.of(embedder());
        }
        return directory.find(model).map(entry -> {
            if (model(entry) instanceof Embedder encoder) {
                return encoder;
            }
            throw ApiException.invalid("model", entry.name() + " writes texts and does not embed them");
        });
    }

    @PreDestroy
    void close() {
        synchronized (models) {
            models.values().forEach(loaded -> loaded.model.thenAccept(model -> model.drain(DRAIN_MILLIS)));
            models.clear();
        }
    }
}
