package org.medley.platform.training;

import io.quarkus.narayana.jta.QuarkusTransaction;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;
import org.medley.platform.audit.Actor;
import org.medley.platform.audit.AuditTrail;
import org.medley.platform.audit.Outcome;
import org.medley.platform.model.ModelRegistry;
import org.medley.platform.model.ServableModel;
import org.medley.runtime.weights.BadModelException;
import org.medley.training.job.Job;
import org.medley.training.job.JobQueue;

/**
 * Registers the models that jobs made. It looks into the queue instead of being told, so that it misses nothing, whoever
 * ran the job and whatever was down at the time.
 */
@ApplicationScoped
class FinishedJobs {
    private static final Logger LOG = Logger.getLogger(FinishedJobs.class);

    private final JobQueue queue;
    private final ModelRegistry registry;
    private final AuditTrail audit;
    /** Jobs whose failure to be registered is in the log. */
    private final Set<UUID> told = ConcurrentHashMap.newKeySet();

    FinishedJobs(JobQueue queue, ModelRegistry registry, AuditTrail audit) {
        this.queue = queue;
        this.registry = registry;
        this.audit = audit;
    }

    @Scheduled(every = "1s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void register() {
        for (Job job : queue.unregistered()) {
            Actor actor = Actor.of(job.tenantId(), job.createdBy(), Set.of());
            try {
                ModelRegistry.KeptModel kept = registry.keep(job.folder());
                QuarkusTransaction.requiringNew().run(() -> {
                    ServableModel model = registry.register(actor, kept);
                    queue.registered(job.id(), model.id());
                    audit.record(
                            actor,
                            "training.job.finish",
                            "job/" + job.id(),
                            Outcome.success,
                            Map.of("model", model.id().toString()));
                });
            } catch (BadModelException e) {
                LOG.warnf("job %s made no usable model: %s", job.id(), e.getMessage());
                QuarkusTransaction.requiringNew().run(() -> {
                    queue.refused(job.id(), "its model is not usable: " + e.getMessage());
                    audit.record(actor, "training.job.finish", "job/" + job.id(), Outcome.failure, Map.of());
                });
            } catch (RuntimeException e) {
                // Tried again; those behind it must not wait, nor the log be filled.
                if (told.add(job.id())) {
                    LOG.errorf(e, "the model of job %s is not registered yet", job.id());
                }
            }
        }
    }
}
