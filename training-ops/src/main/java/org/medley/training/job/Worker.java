package org.medley.training.job;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Takes jobs from the queue and runs them, one at a time, until it is closed. */
public final class Worker implements Runnable, AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Worker.class.getName());

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final JobQueue queue;
    private final JobRunner runner;
    private final Path jobs;
    private final String name;
    private final Duration idle;
    private final Consumer<String> told;
    private volatile Duration patience;
    private volatile boolean closed;
    private volatile Thread thread;

    /**
     * @param jobs folder that holds the jobs' own folders
     * @param name how this worker is called in the queue
     * @param idle how long to wait before asking an empty queue again
     * @param told hears in one line each what is taken and what became of it
     */
    public Worker(JobQueue queue, JobRunner runner, Path jobs, String name, Duration idle, Consumer<String> told) {
        this.queue = queue;
        this.runner = runner;
        this.jobs = jobs;
        this.name = name;
        this.idle = idle;
        this.told = told;
    }

    /** Lets the worker end by itself once the queue had nothing for it for so long. */
    public Worker until(Duration without) {
        patience = without;
        return this;
    }

    @Override
    public void run() {
        thread = Thread.currentThread();
        Instant last = Instant.now();
        while (!closed) {
            try {
                Optional<Job> job = queue.claim(name);
                if (job.isPresent()) {
                    run(job.get());
                    last = Instant.now();
                } else if (patience != null && !Instant.now().isBefore(last.plus(patience))) {
                    told.accept("no job waited for " + patience.toSeconds() + " s");
                    return;
                } else {
                    rest();
                }
            } catch (QueueUnavailableException e) {
                LOG.log(Level.WARNING, e.getMessage());
                rest();
            }
        }
    }

    private void rest() {
        try {
            Thread.sleep(idle);
        } catch (InterruptedException e) {
            closed = true;
        }
    }

    private void run(Job job) {
        told.accept("takes " + shown(job) + (job.step() > 0 ? ", which was at step " + job.step() : ""));
        Held held = new Held(job);
        try (ScheduledExecutorService heart = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("heartbeat-" + job.id()).factory())) {
            long beat = Math.max(1, queue.lease().toMillis() / 3);
            heart.scheduleAtFixedRate(held::beat, beat, beat, TimeUnit.MILLISECONDS);
            try {
                finish(held, job);
            } finally {
                heart.shutdownNow();
            }
        } catch (LostJobException e) {
            told.accept("lost " + shown(job) + " to another worker, or to somebody who cancelled it");
            LOG.log(Level.WARNING, e.getMessage());
        }
    }

    private static String shown(Job job) {
        return job.kind() + " job " + job.name() + " (" + job.id() + ")";
    }

    /**
     * What the job's own work throws is the job's failure; what the queue throws is not, and leaves the job to the
     * next claim.
     */
    private void finish(Held held, Job job) {
        JobResult result;
        try {
            result = runner.run(job, folder(job), held);
        } catch (LostJobException | QueueUnavailableException e) {
            throw e;
        } catch (CancellationException e) {
            told.accept("stops " + shown(job) + ", which is " + queue.stopped(job) + " now");
            return;
        } catch (Exception | LinkageError | OutOfMemoryError e) {
            LOG.log(Level.WARNING, "job " + job.id() + " failed", e);
            String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            queue.fail(job, why);
            told.accept("failed at " + shown(job) + ": " + why);
            return;
        }
        queue.complete(job, result);
        told.accept("finished " + shown(job) + ": " + result.folder());
    }

    private Path folder(Job job) throws IOException {
        return Files.createDirectories(jobs.resolve(job.id().toString()));
    }

    /**
     * Asks the running job to stop and gives it back to the queue. Waits for that, but not for long: a job in the middle
     * of a long step goes back when its lease runs out.
     */
    @Override
    public void close() {
        closed = true;
        Thread running = thread;
        if (running != null && running != Thread.currentThread()) {
            try {
                running.join(PATIENCE);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** A job as long as this worker has it. */
    private final class Held implements Progress {
        private final Job job;
        private volatile boolean stop;
        private volatile boolean lost;

        private Held(Job job) {
            this.job = job;
        }

        private void beat() {
            try {
                stop = queue.heartbeat(job);
            } catch (LostJobException e) {
                lost = true;
            } catch (QueueUnavailableException e) {
                LOG.log(Level.WARNING, "no heartbeat for job " + job.id() + ": " + e.getMessage());
            }
        }

        @Override
        public void steps(int steps) {
            queue.steps(job, steps);
        }

        @Override
        public void metric(int step, Map<String, Double> values) {
            stop = queue.metric(job, step, values);
        }

        @Override
        public void message(String line) {
            queue.message(job, line);
        }

        @Override
        public void sample(int step, String prompt, String answer) {
            queue.sample(job, step, prompt, answer);
        }

        @Override
        public boolean cancelled() {
            return stop || lost || closed;
        }
    }
}
