package org.medley.platform.training;

import io.smallrye.common.annotation.Blocking;
import io.smallrye.mutiny.Multi;
import jakarta.annotation.security.RolesAllowed;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponseSchema;
import org.jboss.resteasy.reactive.ResponseStatus;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.RestQuery;
import org.jboss.resteasy.reactive.RestStreamElementType;
import org.medley.platform.Roles;
import org.medley.platform.identity.Caller;
import org.medley.platform.training.JobViews.CurveView;
import org.medley.platform.training.JobViews.JobDetail;
import org.medley.platform.training.JobViews.JobEvent;
import org.medley.platform.training.JobViews.JobView;
import org.medley.platform.training.JobViews.MetricView;
import org.medley.platform.training.ShippedRecipes.RecipeView;
import org.medley.training.job.JobHistory;
import org.medley.training.job.JobQueue;
import org.medley.training.job.LogLine;
import org.medley.training.job.Sample;
import org.medley.training.reward.RewardKinds;

/** Jobs that make models. */
@Path("/api/training")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RolesAllowed(Roles.ADMIN)
public class TrainingResource {
    private static final int MAX_RECIPE = 1 << 20;
    private static final int MAX_POINTS = 20_000;
    private static final int MAX_COMPARED = 12;
    private static final int MAX_LINES = 5_000;
    private static final int MAX_SAMPLES = 500;

    private final JobQueue queue;
    private final JobHistory history;
    private final Jobs jobs;
    private final RecipeCheck check;
    private final ShippedRecipes shipped;
    private final Caller caller;

    TrainingResource(
            JobQueue queue, JobHistory history, Jobs jobs, RecipeCheck check, ShippedRecipes shipped, Caller caller) {
        this.queue = queue;
        this.history = history;
        this.jobs = jobs;
        this.check = check;
        this.shipped = shipped;
        this.caller = caller;
    }

    /** @param recipe YAML text */
    record NewJob(@NotBlank @Size(max = MAX_RECIPE) String recipe) {}

    @GET
    @Path("/recipes")
    public List<RecipeView> recipes() {
        return shipped.all();
    }

    /** @param keys that its settings may have, in alphabetical order */
    record RewardView(String name, String about, List<String> keys) {}

    /** The kinds of rewards that a recipe can name, those of plug-ins too. */
    @GET
    @Path("/rewards")
    public List<RewardView> rewards() {
        return RewardKinds.all().stream()
                .map(kind -> new RewardView(
                        kind.name(), kind.about(), kind.keys().stream().sorted().toList()))
                .toList();
    }

    /** Says whether a recipe could be started, and with what; starts nothing. */
    @POST
    @Path("/recipes/validation")
    public Validation validate(@NotNull @Valid NewJob wanted) {
        return Validation.of(check, caller.tenantId(), wanted.recipe);
    }

    @POST
    @Path("/jobs")
    @ResponseStatus(201)
    @APIResponseSchema(value = JobView.class, responseCode = "201")
    public JobView submit(@NotNull @Valid NewJob wanted) {
        return jobs.submit(check.of(caller.tenantId(), wanted.recipe), wanted.recipe);
    }

    @GET
    @Path("/jobs")
    public List<JobView> jobs() {
        return jobs.list();
    }

    @GET
    @Path("/jobs/{id}")
    public JobDetail job(@RestPath UUID id) {
        return jobs.detail(id);
    }

    /** All steps after one; a long run is thinned to about {@code points}, keeping spikes and evaluations. */
    @GET
    @Path("/jobs/{id}/metrics")
    public List<MetricView> metrics(
            @RestPath UUID id,
            @RestQuery @DefaultValue("-1") @Min(-1) int after,
            @RestQuery @Min(2) @Max(MAX_POINTS) Integer points) {
        UUID job = jobs.find(id).id();
        return (points == null ? history.metrics(job, after) : history.curve(job, after, points))
                .stream().map(MetricView::of).toList();
    }

    /** The thinned curves of several jobs, in the order in which they are asked for. */
    @GET
    @Path("/metrics")
    public List<CurveView> compare(
            @RestQuery @NotEmpty @Size(max = MAX_COMPARED) List<UUID> job,
            @RestQuery @DefaultValue("1000") @Min(2) @Max(MAX_POINTS) int points) {
        return job.stream()
                .distinct()
                .map(jobs::find)
                .map(found -> new CurveView(
                        jobs.view(found),
                        history.curve(found.id(), -1, points).stream()
                                .map(MetricView::of)
                                .toList()))
                .toList();
    }

    /** Lines after one, the oldest first; the newest ones where there are more than {@code limit}. */
    @GET
    @Path("/jobs/{id}/log")
    public List<LogLine> log(
            @RestPath UUID id,
            @RestQuery @DefaultValue("0") @Min(0) long after,
            @RestQuery @DefaultValue("1000") @Min(1) @Max(MAX_LINES) int limit) {
        return history.log(jobs.find(id).id(), after, limit);
    }

    /** What the model answered to the recipe's prompts, of the newest step first. */
    @GET
    @Path("/jobs/{id}/samples")
    public List<Sample> samples(
            @RestPath UUID id, @RestQuery @DefaultValue("100") @Min(1) @Max(MAX_SAMPLES) int limit) {
        return history.samples(jobs.find(id).id(), limit);
    }

    /** Steps after one as they come, and every change of the job, until it ends. */
    @GET
    @Path("/jobs/{id}/events")
    @Produces(MediaType.SERVER_SENT_EVENTS)
    @RestStreamElementType(MediaType.APPLICATION_JSON)
    @Blocking
    public Multi<JobEvent> events(@RestPath UUID id, @RestQuery @DefaultValue("-1") @Min(-1) int after) {
        return JobTail.of(queue, history, caller.tenantId(), jobs.find(id).id(), after);
    }

    /** Asks the job to write a checkpoint and rest until it is resumed. */
    @POST
    @Path("/jobs/{id}/pause")
    @ResponseStatus(202)
    @APIResponseSchema(value = JobView.class, responseCode = "202")
    public JobView pause(@RestPath UUID id) {
        return jobs.pause(id);
    }

    @POST
    @Path("/jobs/{id}/resume")
    @ResponseStatus(202)
    @APIResponseSchema(value = JobView.class, responseCode = "202")
    public JobView resume(@RestPath UUID id) {
        return jobs.resume(id);
    }

    @POST
    @Path("/jobs/{id}/cancel")
    @ResponseStatus(202)
    @APIResponseSchema(value = JobView.class, responseCode = "202")
    public JobView cancel(@RestPath UUID id) {
        return jobs.cancel(id);
    }
}
