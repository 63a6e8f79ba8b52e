package org.medley.platform.training;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import org.jboss.logging.Logger;
import org.medley.platform.StorageConfig;
import org.medley.training.job.JobQueue;
import org.medley.training.job.JobRunner;
import org.medley.training.job.Worker;

/** The worker of an installation on one machine: a thread of this process. */
@ApplicationScoped
class TrainingWorker {
    private static final Logger LOG = Logger.getLogger(TrainingWorker.class);
    private static final Duration IDLE = Duration.ofMillis(500);

    private final TrainingConfig config;
    private final Worker worker;

    TrainingWorker(TrainingConfig config, JobQueue queue, JobRunner runner, StorageConfig storage) {
        this.config = config;
        this.worker = new Worker(
                queue,
                runner,
                storage.jobs(),
                "platform-" + ProcessHandle.current().pid(),
                IDLE,
                LOG::info);
    }

    void start(@Observes StartupEvent event) {
        if (config.worker()) {
            Thread.ofPlatform().daemon().name("training-worker").start(worker);
        }
    }

    void stop(@Observes ShutdownEvent event) {
        worker.close();
    }
}
