package org.medley.platform.training;

import io.quarkus.narayana.jta.QuarkusTransaction;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Map;
import org.medley.platform.audit.Actor;
import org.medley.platform.audit.AuditTrail;
import org.medley.platform.audit.Outcome;
import org.medley.training.job.JobHistory;
import org.medley.training.job.JobQueue;
import org.medley.training.job.JobState;
import org.medley.training.job.Transition;

/**
 * Records every change of a job's state, whichever process made it. The database notes them; here they are taken into
 * the trail, each once.
 */
@ApplicationScoped
class StateAudit {
    private static final int PORTION = 50;

    private final JobQueue queue;
    private final JobHistory history;
    private final AuditTrail audit;

    StateAudit(JobQueue queue, JobHistory history, AuditTrail audit) {
        this.queue = queue;
        this.history = history;
        this.audit = audit;
    }

    @Scheduled(every = "1s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void record() {
        // Where all workers are elsewhere, and dead, nobody else would put their jobs to rest.
        queue.sweep();
        while (QuarkusTransaction.requiringNew().call(this::portion) == PORTION) {
            // There are more.
        }
    }

    private int portion() {
        List<Transition> changes = history.unaudited(PORTION);
        for (Transition change : changes) {
            history.audited(change.id());
            audit.record(
                    Actor.system(change.tenantId()),
                    "training.job.state",
                    "job/" + change.jobId(),
                    change.to() == JobState.FAILED ? Outcome.failure : Outcome.success,
                    Map.of(
                            "name", change.jobName(),
                            "from", change.from() == null ? "" : change.from().name(),
                            "to", change.to().name(),
                            "at", change.at().toString(),
                            "worker", change.worker() == null ? "" : change.worker()));
        }
        return changes.size();
    }
}
