package org.medley.platform.training;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.medley.platform.dataset.DatasetUses.UsedDataset;
import org.medley.training.job.Job;
import org.medley.training.job.JobState;
import org.medley.training.job.Metric;
import org.medley.training.job.Transition;

/** What callers see of jobs. */
final class JobViews {
    private JobViews() {}

    /**
     * @param stage of a training run; absent for what is none
     * @param pausing whether it is asked to pause and has not yet
     * @param cancelling whether it is asked to stop and has not yet
     * @param silent whether its worker was not heard of for so long that the next free one takes it over
     * @param latest the last value of each metric by its name
     * @param secondsPerStep the median of the last steps; null before there are two
     * @param secondsLeft of work, at that pace; null if that is not known, or nothing is left
     */
    record JobView(
            UUID id,
            String name,
            String kind,
            @JsonInclude(JsonInclude.Include.NON_NULL) String stage,
            JobState state,
            boolean pausing,
            boolean cancelling,
            boolean silent,
            String createdBy,
            Instant createdAt,
            Instant startedAt,
            Instant finishedAt,
            int step,
            Integer steps,
            Map<String, Double> latest,
            Double secondsPerStep,
            Double secondsLeft,
            String message,
            String error,
            String worker,
            @JsonInclude(JsonInclude.Include.NON_NULL) UUID modelId) {
        static JobView of(Job job, Map<UUID, Double> pace) {
            boolean open = !job.state().isEnd();
            Double seconds = pace.get(job.id());
            return new JobView(
                    job.id(),
                    job.name(),
                    job.kind(),
                    job.stage(),
                    job.state(),
                    open && job.pauseRequested(),
                    open && job.cancelRequested(),
                    job.silent(),
                    job.createdBy(),
                    job.createdAt(),
                    job.startedAt(),
                    job.finishedAt(),
                    job.step(),
                    job.steps(),
                    numbers(job.latest()),
                    seconds,
                    open && !job.silent() && seconds != null && job.steps() != null
                            ? (Double) (seconds * Math.max(0, job.steps() - job.step()))
                            : null,
                    job.message(),
                    job.error(),
                    job.worker(),
                    job.modelId());
        }
    }

    /**
     * @param datasets the versions its recipe's names meant
     * @param history every change of its state
     */
    record JobDetail(
            @JsonUnwrapped JobView job, String recipe, List<UsedDataset> datasets, List<TransitionView> history) {}

    /** @param from null when the job was submitted */
    record TransitionView(Instant at, JobState from, JobState to, String worker) {
        static TransitionView of(Transition transition) {
            return new TransitionView(transition.at(), transition.from(), transition.to(), transition.worker());
        }
    }

    /** The numbers of one step by their names; absent is what was not measured at it, or is no number. */
    record MetricView(int step, Instant at, @JsonAnyGetter Map<String, Double> values) {
        static MetricView of(Metric metric) {
            return new MetricView(metric.step(), metric.at(), numbers(metric.values()));
        }
    }

    /** The curve of one of several jobs. */
    record CurveView(JobView job, List<MetricView> points) {}

    /** JSON has no word for what is infinite or no number. */
    private static Map<String, Double> numbers(Map<String, Double> values) {
        Map<String, Double> finite = new TreeMap<>(values);
        finite.values().removeIf(value -> value == null || !Double.isFinite(value));
        return finite;
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
