package org.medley.platform.training;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Instant;
import java.util.UUID;
import org.medley.training.job.Job;
import org.medley.training.job.JobState;
import org.medley.training.job.Metric;

/** What callers see of jobs. */
final class JobViews {
    private JobViews() {}

    record JobView(
            UUID id,
            String name,
            String kind,
            JobState state,
            String createdBy,
            Instant createdAt,
            Instant startedAt,
            Instant finishedAt,
            int step,
            Integer steps,
            String message,
            String error,
            @JsonInclude(JsonInclude.Include.NON_NULL) UUID modelId) {
        static JobView of(Job job) {
            return new JobView(
                    job.id(),
                    job.name(),
                    job.kind(),
                    job.state(),
                    job.createdBy(),
                    job.createdAt(),
                    job.startedAt(),
                    job.finishedAt(),
                    job.step(),
                    job.steps(),
                    job.message(),
                    job.error(),
                    job.modelId());
        }
    }

    record JobDetail(@JsonUnwrapped JobView job, String recipe) {
        static JobDetail of(Job job) {
            return new JobDetail(JobView.of(job), job.recipe());
        }
    }

    /** The numbers of one step; absent is what was not measured at it. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record MetricView(
            int step,
            Double loss,
            Double learningRate,
            Double gradientNorm,
            Double tokensPerSecond,
            Double evaluationLoss) {
        static MetricView of(Metric metric) {
            return new MetricView(
                    metric.step(),
                    metric.values().get("loss"),
                    metric.values().get("learningRate"),
                    metric.values().get("gradientNorm"),
                    metric.values().get("tokensPerSecond"),
                    metric.values().get("evaluationLoss"));
        }
    }

    /** One event of the stream: a job that changed, or a new metric. */
    sealed interface JobEvent permits JobChanged, MetricAdded {}

    record JobChanged(String type, @JsonUnwrapped JobView job) implements JobEvent {
        JobChanged(JobView job) {
            this("job", job);
        }
    }

    record MetricAdded(String type, @JsonUnwrapped MetricView metric) implements JobEvent {
        MetricAdded(MetricView metric) {
            this("metric", metric);
        }
    }
}
