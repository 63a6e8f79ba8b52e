package org.medley.platform.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.medley.platform.StorageConfig;
import org.medley.platform.audit.Actor;
import org.medley.platform.audit.AuditTrail;
import org.medley.platform.audit.Outcome;
import org.medley.platform.http.ProblemException;
import org.medley.runtime.network.EncoderLoader;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.ModelSource;
import org.medley.training.recipe.Recipe;
import org.medley.training.recipe.Recipes;
import org.medley.training.trainer.Lineage;

/** Which models there are and which one is in production. */
@ApplicationScoped
public class ModelRegistry {
    static final String PRODUCTION = "production";

    private static final long WRITE_LOCK = 0x4d4f44454cL;
    private static final int MAX_ANCESTRY = 64;
    private static final List<String> KINDS = List.of("train", "fuse", "grow", "import");

    private final ModelVersions models;
    private final AliasEvents aliases;
    private final EntityManager database;
    private final AuditTrail audit;
    private final Event<ProductionMoved> moved;
    private final StorageConfig storage;
    private final ObjectMapper json;

    ModelRegistry(
            ModelVersions models,
            AliasEvents aliases,
            EntityManager database,
            AuditTrail audit,
            Event<ProductionMoved> moved,
            StorageConfig storage,
            ObjectMapper json) {
        this.models = models;
        this.aliases = aliases;
        this.database = database;
        this.audit = audit;
        this.moved = moved;
        this.storage = storage;
        this.json = json;
    }

    /** Checks the files of a folder, or a GGUF file, and keeps them; outside of any transaction, for models are large. */
    public KeptModel keep(Path source) {
        return new KeptModel(ModelFiles.keep(source, storage.registry()));
    }

    /** A model whose files the registry holds already. */
    public record KeptModel(ModelFiles files) {}

    /**
     * Registers a model and, as far as they are not known, all it was made from: ancestors whose files are not here
     * become versions that cannot be served.
     */
    @Transactional
    public ServableModel register(Actor actor, KeptModel kept) {
        lock();
        ModelFiles files = kept.files();
        ModelVersion model = version(actor.tenantId(), files.lineage(), files.sha256(), 0);
        if (model.folder == null) {
            model.folder = files.folder().toString();
            model.bytes = files.bytes();
            model.parameters = files.parameters();
            models.flush();
            audit.record(
                    actor,
                    "model.register",
                    "model/" + model.id,
                    Outcome.success,
                    Map.of("name", model.name, "version", model.version, "sha256", model.sha256));
        }
        return ServableModel.of(model);
    }

    private ModelVersion version(UUID tenant, Lineage lineage, String sha256, int depth) {
        if (depth > MAX_ANCESTRY) {
            throw new BadModelException(Path.of("lineage.json"), "has more than " + MAX_ANCESTRY + " generations");
        }
        return models.withHash(tenant, sha256).orElseGet(() -> {
            check(lineage, sha256);
            ModelVersion model = new ModelVersion();
            model.id = UUID.randomUUID();
            model.tenantId = tenant;
            model.name = lineage.name();
            model.sha256 = sha256;
            model.kind = lineage.kind();
            model.description =
                    Recipes.recorded(lineage.recipe()).map(Recipe::description).orElse("");
            model.recipe = lineage.recipe();
            model.createdAt = createdAt(lineage);
            model.curve = text(orEmpty(lineage.curve()));
            model.metrics = text(lineage.metrics() == null ? Map.of() : lineage.metrics());
            for (Lineage.Parent parent : orEmpty(lineage.parents())) {
                ModelVersion.ParentLink link = new ModelVersion.ParentLink();
                link.parent = version(tenant, parent.lineage(), parent.lineage().sha256(), depth + 1);
                link.role = parent.role();
                model.parents.add(link);
            }
            for (Lineage.DatasetUse use : orEmpty(lineage.datasets())) {
                ModelVersion.DatasetLink link = new ModelVersion.DatasetLink();
                link.role = use.role();
                link.name = use.name();
                link.sha256 = use.sha256();
                link.examples = use.examples();
                link.tokens = use.tokens();
                model.datasets.add(link);
            }
            model.version = models.nextVersion(tenant, model.name);
            models.persistAndFlush(model);
            return model;
        });
    }

    private static void check(Lineage lineage, String sha256) {
        String problem = null;
        if (lineage.name() == null || lineage.name().isBlank()) {
            problem = "has no name";
        } else if (!KINDS.contains(String.valueOf(lineage.kind()))) {
            problem = "says kind '" + lineage.kind() + "'; possible: " + String.join(", ", KINDS);
        } else if (sha256 == null || !sha256.matches("[0-9a-f]{64}")) {
            problem = "says sha256 '" + sha256 + "' of " + lineage.name() + "; 64 of 0-9 a-f are needed";
        }
        if (problem != null) {
            throw new BadModelException(Path.of("lineage.json"), problem);
        }
    }

    private static <T> List<T> orEmpty(List<T> list) {
        return list == null ? List.of() : list;
    }

    private static Instant createdAt(Lineage lineage) {
        try {
            Instant created = lineage.createdAt() == null ? Instant.now() : Instant.parse(lineage.createdAt());
            return created.truncatedTo(ChronoUnit.MICROS);
        } catch (DateTimeParseException e) {
            throw new BadModelException(
                    Path.of("lineage.json"), "createdAt '" + lineage.createdAt() + "' is not an ISO-8601 time", e);
        }
    }

    private String text(Object value) {
        try {
            return json.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a lineage cannot be written as JSON", e);
        }
    }

    /** Whether a folder's model is registered, by what its lineage says or by its name, without reading its weights. */
    @Transactional
    public boolean knows(UUID tenant, String name, Optional<String> sha256) {
        return sha256.map(hash -> models.withHash(tenant, hash)
                        .filter(model -> model.folder != null)
                        .isPresent())
                .orElseGet(() -> models.isNamed(tenant, name));
    }

    @Transactional
    public Optional<ServableModel> production(UUID tenant) {
        return aliases.current(tenant, PRODUCTION)
                .filter(ModelVersion::isServable)
                .map(ServableModel::of);
    }

    /** A model of whatever tenant, for this process itself: it asks only for ids that it took from a tenant's own data. */
    @Transactional
    Optional<ServableModel> servableById(UUID id) {
        return models.findByIdOptional(id).filter(ModelVersion::isServable).map(ServableModel::of);
    }

    /** A tenant's models that can be served, newest first. */
    @Transactional
    public List<ServableModel> servable(UUID tenant) {
        return models.of(tenant).stream()
                .filter(ModelVersion::isServable)
                .map(ServableModel::of)
                .toList();
    }

    /** Puts a model into production. */
    @Transactional
    public ServableModel promote(Actor actor, UUID id, String reason) {
        lock();
        ModelVersion to = models.of(actor.tenantId(), id);
        if (!to.isServable()) {
            throw ProblemException.conflict(
                    "NOT_SERVABLE", "the files of model " + to.name + " " + to.version + " are not here");
        }
        if (EncoderLoader.isEncoder(ModelSource.of(Path.of(to.folder)).config())) {
            throw ProblemException.conflict(
                    "WRITES_NOTHING",
                    "model " + to.name + " " + to.version
                            + " embeds or ranks texts; production is for one that writes");
        }
        ModelVersion from = aliases.current(actor.tenantId(), PRODUCTION).orElse(null);
        if (from != null && from.id.equals(to.id)) {
            throw ProblemException.conflict(
                    "ALREADY_IN_PRODUCTION", "model " + to.name + " " + to.version + " is in production");
        }
        return move(actor, from, to, false, reason);
    }

    /** Takes back the last promotion that was not taken back yet. */
    @Transactional
    public ServableModel rollback(Actor actor, String reason) {
        lock();
        Deque<ModelVersion> history = new ArrayDeque<>();
        for (AliasEvent event : aliases.of(actor.tenantId(), PRODUCTION)) {
            if (event.rollback) {
                history.pop();
            } else {
                history.push(event.to);
            }
        }
        if (history.size() < 2) {
            throw ProblemException.conflict(
                    "NOTHING_TO_ROLL_BACK", "no model was in production before the present one");
        }
        ModelVersion from = history.pop();
        ModelVersion to = history.peek();
        if (!to.isServable()) {
            throw ProblemException.conflict(
                    "NOT_SERVABLE", "the files of model " + to.name + " " + to.version + " are not here any more");
        }
        return move(actor, from, to, true, reason);
    }

    private ServableModel move(Actor actor, ModelVersion from, ModelVersion to, boolean rollback, String reason) {
        AliasEvent event = new AliasEvent();
        event.tenantId = actor.tenantId();
        event.alias = PRODUCTION;
        event.at = Instant.now();
        event.actor = actor.name();
        event.from = from;
        event.to = to;
        event.rollback = rollback;
        event.reason = reason;
        aliases.persistAndFlush(event);
        ServableModel model = ServableModel.of(to);
        moved.fire(new ProductionMoved(actor.tenantId(), model));
        audit.record(
                actor,
                rollback ? "model.rollback" : "model.promote",
                "model/" + to.id,
                Outcome.success,
                Map.of(
                        "name",
                        to.name,
                        "version",
                        to.version,
                        "from",
                        from == null ? "" : from.id.toString(),
                        "reason",
                        reason));
        return model;
    }

    /** Versions are numbered and aliases moved one at a time. */
    private void lock() {
        database.createNativeQuery("SELECT 1 FROM pg_advisory_xact_lock(" + WRITE_LOCK + ")")
                .getSingleResult();
    }
}
