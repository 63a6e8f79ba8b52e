package org.medley.platform.training;

import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.infrastructure.Infrastructure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.medley.platform.http.ProblemException;
import org.medley.platform.training.JobViews.JobChanged;
import org.medley.platform.training.JobViews.JobEvent;
import org.medley.platform.training.JobViews.JobView;
import org.medley.platform.training.JobViews.MetricAdded;
import org.medley.platform.training.JobViews.MetricView;
import org.medley.training.job.Job;
import org.medley.training.job.JobHistory;
import org.medley.training.job.JobQueue;
import org.medley.training.job.Metric;

/** Follows one job for one listener: first all there is, then what is new, until the job has ended. */
final class JobTail {
    private static final Duration LOOK = Duration.ofMillis(500);
    /** An unchanged job is told again after this many looks: proxies cut connections that are silent for long. */
    private static final int SILENT_LOOKS = 30;

    private final JobQueue queue;
    private final JobHistory history;
    private final UUID tenant;
    private final UUID id;
    private int step;
    private int looks;
    private JobView told;

    private JobTail(JobQueue queue, JobHistory history, UUID tenant, UUID id, int after) {
        this.queue = queue;
        this.history = history;
        this.tenant = tenant;
        this.id = id;
        this.step = after;
    }

    private record Look(List<JobEvent> events, boolean last) {}

    /** @param after the last step that the listener knows */
    static Multi<JobEvent> of(JobQueue queue, JobHistory history, UUID tenant, UUID id, int after) {
        JobTail tail = new JobTail(queue, history, tenant, id, after);
        return Multi.createBy()
                .repeating()
                .uni(() -> Uni.createFrom().item(tail::look).runSubscriptionOn(Infrastructure.getDefaultWorkerPool()))
                .withDelay(LOOK)
                .whilst(look -> !look.last)
                .onItem()
                .transformToIterable(look -> look.events);
    }

    /** The job is read before its metrics: once it has ended there are no further ones. */
    private Look look() {
        Job job = queue.find(tenant, id).orElseThrow(() -> ProblemException.notFound("job", id));
        List<JobEvent> events = new ArrayList<>();
        for (Metric metric : history.metrics(id, step)) {
            events.add(new MetricAdded(MetricView.of(metric)));
            step = metric.step();
        }
        JobView view = JobView.of(job, history.stepSeconds(List.of(id)));
        if (!view.equals(told) || ++looks >= SILENT_LOOKS) {
            events.add(new JobChanged(view));
            told = view;
            looks = 0;
        }
        return new Look(events, job.state().isEnd());
    }
}
