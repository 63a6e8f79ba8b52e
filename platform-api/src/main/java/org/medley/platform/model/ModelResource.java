package org.medley.platform.model;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.annotation.security.RolesAllowed;
import jakarta.transaction.Transactional;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jboss.resteasy.reactive.RestPath;
import org.medley.platform.Roles;
import org.medley.platform.dataset.DatasetRegistry;
import org.medley.platform.identity.Caller;
import org.medley.training.trainer.Lineage.DatasetUse.Role;

/** The models of the caller's tenant. Those who work with a model may see where it comes from; admins move it. */
@Path("/api/models")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RolesAllowed({Roles.ADMIN, Roles.CLINICIAN, Roles.PHYSICIST, Roles.RESEARCHER})
public class ModelResource {
    private static final int MAX_REASON = 500;
    private static final TypeReference<TreeMap<String, Double>> METRICS = new TypeReference<>() {};

    private final ModelVersions models;
    private final AliasEvents aliases;
    private final ModelRegistry registry;
    private final DatasetRegistry datasets;
    private final Caller caller;
    private final ObjectMapper json;

    ModelResource(
            ModelVersions models,
            AliasEvents aliases,
            ModelRegistry registry,
            DatasetRegistry datasets,
            Caller caller,
            ObjectMapper json) {
        this.models = models;
        this.aliases = aliases;
        this.registry = registry;
        this.datasets = datasets;
        this.caller = caller;
        this.json = json;
    }

    record ModelView(
            UUID id,
            String name,
            int version,
            String sha256,
            String kind,
            Instant createdAt,
            long bytes,
            long parameters,
            boolean servable,
            boolean production,
            String description) {}

    record ModelDetail(
            @JsonUnwrapped ModelView model,
            String recipe,
            List<ParentView> parents,
            List<DatasetUseView> datasets,
            List<EvaluationView> evaluation) {}

    record ParentView(UUID id, String name, String sha256, String role) {}

    record DatasetUseView(Role role, String name, String sha256, long examples, long tokens) {}

    record EvaluationView(String name, double value) {}

    record ModelName(UUID id, String name, int version, String sha256) {
        static ModelName of(ModelVersion model) {
            return model == null ? null : new ModelName(model.id, model.name, model.version, model.sha256);
        }

        static ModelName of(ServableModel model) {
            return new ModelName(model.id(), model.name(), model.version(), model.sha256());
        }
    }

    record AliasView(ModelName model, List<AliasEventView> events) {}

    /** @param rollback whether the alias went back to where it had come from, as opposed to forth */
    record AliasEventView(
            long sequence, Instant at, String actor, ModelName from, ModelName to, boolean rollback, String reason) {
        static AliasEventView of(AliasEvent event) {
            return new AliasEventView(
                    event.sequence,
                    event.at,
                    event.actor,
                    ModelName.of(event.from),
                    ModelName.of(event.to),
                    event.rollback,
                    event.reason);
        }
    }

    record Promotion(
            @NotNull UUID modelId,
            @NotBlank @Size(max = MAX_REASON) String reason) {}

    record Rollback(@NotBlank @Size(max = MAX_REASON) String reason) {}

    @GET
    @Transactional
    public List<ModelView> list() {
        UUID production = productionId();
        return models.of(caller.tenantId()).stream()
                .map(model -> view(model, production))
                .toList();
    }

    @GET
    @Path("/{id}")
    @Transactional
    public ModelDetail detail(@RestPath UUID id) {
        ModelVersion model = models.of(caller.tenantId(), id);
        return new ModelDetail(
                view(model, productionId()),
                model.recipe,
                model.parents.stream()
                        .map(link -> new ParentView(link.parent.id, link.parent.name, link.parent.sha256, link.role))
                        .toList(),
                model.datasets.stream()
                        .map(data -> new DatasetUseView(data.role, data.name, data.sha256, data.examples, data.tokens))
                        .toList(),
                metrics(model).entrySet().stream()
                        .map(metric -> new EvaluationView(metric.getKey(), metric.getValue()))
                        .toList());
    }

    @GET
    @Path("/{id}/lineage")
    @Transactional
    public LineageGraph lineage(@RestPath UUID id) {
        UUID tenant = caller.tenantId();
        return LineageGraph.of(models.of(tenant, id), data -> datasets.described(tenant, data.name, data.sha256));
    }

    @GET
    @Path("/aliases/production")
    @Transactional
    public AliasView production() {
        List<AliasEvent> events = aliases.of(caller.tenantId(), ModelRegistry.PRODUCTION);
        return new AliasView(
                events.isEmpty() ? null : ModelName.of(events.getLast().to),
                events.reversed().stream().map(AliasEventView::of).toList());
    }

    @PUT
    @Path("/aliases/production")
    @RolesAllowed(Roles.ADMIN)
    public ModelName promote(@NotNull @Valid Promotion promotion) {
        return ModelName.of(registry.promote(caller, promotion.modelId, promotion.reason));
    }

    @POST
    @Path("/aliases/production/rollback")
    @RolesAllowed(Roles.ADMIN)
    public ModelName rollback(@NotNull @Valid Rollback rollback) {
        return ModelName.of(registry.rollback(caller, rollback.reason));
    }

    private UUID productionId() {
        return aliases.current(caller.tenantId(), ModelRegistry.PRODUCTION)
                .map(model -> model.id)
                .orElse(null);
    }

    private static ModelView view(ModelVersion model, UUID production) {
        return new ModelView(
                model.id,
                model.name,
                model.version,
                model.sha256,
                model.kind,
                model.createdAt,
                model.bytes,
                model.parameters,
                model.isServable(),
                model.id.equals(production),
                model.description);
    }

    private Map<String, Double> metrics(ModelVersion model) {
        try {
            return json.readValue(model.metrics, METRICS);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the metrics of model " + model.id + " are not JSON", e);
        }
    }
}
