package org.medley.platform.training;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import javax.sql.DataSource;
import org.medley.training.job.JobHistory;
import org.medley.training.job.JobQueue;

/** The library's queue on the application's database. */
@ApplicationScoped
class JobBeans {
    @Produces
    @Singleton
    JobQueue queue(DataSource database, TrainingConfig config) {
        return new JobQueue(database, config.lease(), config.maxAttempts());
    }

    @Produces
    @Singleton
    JobHistory history(DataSource database) {
        return new JobHistory(database);
    }
}
