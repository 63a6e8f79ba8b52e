package org.medley.platform.training;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.medley.platform.audit.AuditTrail;
import org.medley.platform.audit.Outcome;
import org.medley.platform.dataset.DatasetUses;
import org.medley.platform.http.ProblemException;
import org.medley.platform.identity.Caller;
import org.medley.platform.training.JobViews.JobDetail;
import org.medley.platform.training.JobViews.JobView;
import org.medley.platform.training.JobViews.TransitionView;
import org.medley.platform.training.RecipeCheck.Checked;
import org.medley.training.job.Job;
import org.medley.training.job.JobHistory;
import org.medley.training.job.JobQueue;
import org.medley.training.job.Submission;
import org.medley.training.recipe.TrainRecipe;

/** The jobs of the caller's tenant, and what the caller wants of them. */
@ApplicationScoped
class Jobs {
    private static final int MAX_JOBS = 200;

    private final JobQueue queue;
    private final JobHistory history;
    private final DatasetUses uses;
    private final Caller caller;
    private final AuditTrail audit;

    Jobs(JobQueue queue, JobHistory history, DatasetUses uses, Caller caller, AuditTrail audit) {
        this.queue = queue;
        this.history = history;
        this.uses = uses;
        this.caller = caller;
        this.audit = audit;
    }

    @Transactional
    JobView submit(Checked checked, String yaml) {
        String stage =
                checked.recipe() instanceof TrainRecipe train ? train.stage().name() : null;
        Job job = queue.submit(new Submission(
                caller.tenantId(),
                caller.name(),
                checked.recipe().name(),
                ShippedRecipes.kind(checked.recipe()),
                stage,
                yaml,
                checked.pins()));
        uses.record(job.id(), checked.datasets());
        audit.record(
                "training.job.submit",
                "job/" + job.id(),
                Outcome.success,
                Map.of(
                        "name",
                        job.name(),
                        "kind",
                        job.kind(),
                        "datasets",
                        checked.datasets().values().stream()
                                .map(dataset -> dataset.name() + "@" + dataset.version())
                                .toList()));
        return JobView.of(job, Map.of());
    }

    @Transactional
    JobView pause(UUID id) {
        Job job = find(id);
        if (!queue.pause(caller.tenantId(), id, caller.name())) {
            throw refused(find(id), "be paused");
        }
        return asked("training.job.pause", job);
    }

    @Transactional
    JobView resume(UUID id) {
        Job job = find(id);
        if (!queue.resume(caller.tenantId(), id, caller.name())) {
            Job now = find(id);
            throw now.state().isEnd() || now.cancelRequested()
                    ? refused(now, "be resumed")
                    : ProblemException.conflict(
                            "JOB_NOT_PAUSED", "job " + job.name() + " is " + now.state() + " and not paused");
        }
        return asked("training.job.resume", job);
    }

    @Transactional
    JobView cancel(UUID id) {
        Job job = find(id);
        if (!queue.cancel(caller.tenantId(), id, caller.name())) {
            throw refused(find(id), "be cancelled");
        }
        return asked("training.job.cancel", job);
    }

    private JobView asked(String action, Job job) {
        audit.record(
                action,
                "job/" + job.id(),
                Outcome.success,
                Map.of("name", job.name(), "state", job.state().name(), "step", job.step()));
        return view(find(job.id()));
    }

    private static ProblemException refused(Job job, String what) {
        if (job.state().isEnd()) {
            return ProblemException.conflict("JOB_ENDED", "job " + job.name() + " has ended as " + job.state());
        }
        String why = job.cancelRequested()
                ? "is being cancelled"
                : job.pauseRequested() ? "is pausing" : "is " + job.state();
        return ProblemException.conflict(
                "JOB_" + (job.cancelRequested() ? "CANCELLING" : "PAUSED"),
                "job " + job.name() + " " + why + " already and cannot " + what);
    }

    List<JobView> list() {
        List<Job> jobs = queue.list(caller.tenantId(), MAX_JOBS);
        Map<UUID, Double> pace = history.stepSeconds(
                jobs.stream().filter(job -> !job.state().isEnd()).map(Job::id).toList());
        return jobs.stream().map(job -> JobView.of(job, pace)).toList();
    }

    JobDetail detail(UUID id) {
        Job job = find(id);
        return new JobDetail(
                view(job),
                job.recipe(),
                uses.of(id),
                history.transitions(id).stream().map(TransitionView::of).toList());
    }

    JobView view(Job job) {
        return JobView.of(job, history.stepSeconds(List.of(job.id())));
    }

    /** @throws ProblemException if there is none of this id in the caller's tenant */
    Job find(UUID id) {
        return queue.find(caller.tenantId(), id).orElseThrow(() -> ProblemException.notFound("job", id));
    }
}
