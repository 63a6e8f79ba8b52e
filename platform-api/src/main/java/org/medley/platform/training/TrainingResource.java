package org.medley.platform.training;

import io.smallrye.common.annotation.Blocking;
import io.smallrye.mutiny.Multi;
import jakarta.annotation.security.RolesAllowed;
import jakarta.transaction.Transactional;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponseSchema;
import org.jboss.resteasy.reactive.ResponseStatus;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.RestQuery;
import org.jboss.resteasy.reactive.RestStreamElementType;
import org.medley.platform.Roles;
import org.medley.platform.audit.AuditTrail;
import org.medley.platform.audit.Outcome;
import org.medley.platform.http.ProblemException;
import org.medley.platform.identity.Caller;
import org.medley.platform.training.Datasets.DatasetView;
import org.medley.platform.training.JobViews.JobDetail;
import org.medley.platform.training.JobViews.JobEvent;
import org.medley.platform.training.JobViews.JobView;
import org.medley.platform.training.JobViews.MetricView;
import org.medley.platform.training.ShippedRecipes.RecipeView;
import org.medley.training.job.Job;
import org.medley.training.job.JobQueue;
import org.medley.training.recipe.FuseRecipe;
import org.medley.training.recipe.GrowRecipe;
import org.medley.training.recipe.Recipe;
import org.medley.training.recipe.Recipes;
import org.medley.training.recipe.TrainRecipe;
import org.medley.training.trainer.Catalog;

/** Jobs that make models. */
@Path("/api/training")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RolesAllowed(Roles.ADMIN)
public class TrainingResource {
    private static final int MAX_JOBS = 200;

    private final JobQueue queue;
    private final RecipeRuns runs;
    private final ShippedRecipes shipped;
    private final Datasets datasets;
    private final Caller caller;
    private final AuditTrail audit;

    TrainingResource(
            JobQueue queue,
            RecipeRuns runs,
            ShippedRecipes shipped,
            Datasets datasets,
            Caller caller,
            AuditTrail audit) {
        this.queue = queue;
        this.runs = runs;
        this.shipped = shipped;
        this.datasets = datasets;
        this.caller = caller;
        this.audit = audit;
    }

    /** @param recipe YAML text */
    record NewJob(@NotBlank String recipe) {}

    @GET
    @Path("/recipes")
    public List<RecipeView> recipes() {
        return shipped.all();
    }

    @GET
    @Path("/datasets")
    public List<DatasetView> datasets() {
        return datasets.of(caller.tenantId());
    }

    /** What is missing is said now, not when the job's turn comes. */
    @POST
    @Path("/jobs")
    @ResponseStatus(201)
    @APIResponseSchema(value = JobView.class, responseCode = "201")
    @Transactional
    public JobView submit(@NotNull @Valid NewJob wanted) {
        Recipe recipe = Recipes.parse(wanted.recipe, "recipe");
        checkReferences(recipe, runs.catalog(caller.tenantId()));
        Job job = queue.submit(
                caller.tenantId(), caller.name(), recipe.name(), ShippedRecipes.kind(recipe), wanted.recipe);
        audit.record(
                "training.job.submit",
                "job/" + job.id(),
                Outcome.success,
                Map.of("name", job.name(), "kind", job.kind()));
        return JobView.of(job);
    }

    private static void checkReferences(Recipe recipe, Catalog catalog) {
        switch (recipe) {
            case TrainRecipe train -> {
                Stream.concat(
                                train.data().stream(),
                                train.evaluation() == null ? Stream.empty() : train.evaluation().data().stream())
                        .forEach(data -> catalog.dataset(data.dataset()));
                Stream.of(train.model().from(), train.model().tokenizer())
                        .filter(java.util.Objects::nonNull)
                        .forEach(catalog::model);
            }
            case GrowRecipe grow -> catalog.model(grow.model());
            case FuseRecipe fuse -> {
                fuse.models().forEach(source -> catalog.model(source.model()));
                if (fuse.base() != null) {
                    catalog.model(fuse.base());
                }
            }
        }
    }

    @GET
    @Path("/jobs")
    public List<JobView> jobs() {
        return queue.list(caller.tenantId(), MAX_JOBS).stream().map(JobView::of).toList();
    }

    @GET
    @Path("/jobs/{id}")
    public JobDetail job(@RestPath UUID id) {
        return JobDetail.of(find(id));
    }

    @GET
    @Path("/jobs/{id}/metrics")
    public List<MetricView> metrics(@RestPath UUID id, @RestQuery @DefaultValue("-1") @Min(-1) int after) {
        return queue.metrics(find(id).id(), after).stream().map(MetricView::of).toList();
    }

    @GET
    @Path("/jobs/{id}/events")
    @Produces(MediaType.SERVER_SENT_EVENTS)
    @RestStreamElementType(MediaType.APPLICATION_JSON)
    @Blocking
    public Multi<JobEvent> events(@RestPath UUID id) {
        return JobTail.of(queue, caller.tenantId(), find(id).id());
    }

    @POST
    @Path("/jobs/{id}/cancel")
    @ResponseStatus(202)
    @APIResponseSchema(value = JobView.class, responseCode = "202")
    @Transactional
    public JobView cancel(@RestPath UUID id) {
        Job job = find(id);
        if (!queue.cancel(caller.tenantId(), id)) {
            throw ProblemException.conflict("JOB_ENDED", "job " + id + " has ended as " + job.state());
        }
        audit.record("training.job.cancel", "job/" + id, Outcome.success, Map.of("name", job.name()));
        return JobView.of(find(id));
    }

    private Job find(UUID id) {
        return queue.find(caller.tenantId(), id).orElseThrow(() -> ProblemException.notFound("job", id));
    }
}
