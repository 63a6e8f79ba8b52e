package org.medley.training.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JobQueueTest {
    private static final UUID TENANT = UUID.randomUUID();
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration NONE = Duration.ofMillis(0);
    private static TestDatabase database;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() throws Exception {
        database = TestDatabase.start();
    }

    @AfterAll
    static void stop() throws Exception {
        database.close();
    }

    @BeforeEach
    void empty() throws Exception {
        database.execute("TRUNCATE training_job CASCADE");
    }

    private static JobQueue queue(Duration lease) {
        return new JobQueue(database.dataSource(), lease, 3);
    }

    private static JobHistory history() {
        return database.history();
    }

    private static Job submit(JobQueue queue, String name) {
        return queue.submit(new Submission(TENANT, "admin", name, "train", "finetune", "name: " + name, Map.of()));
    }

    @Test
    void jobsAreClaimedInTheOrderOfTheirSubmissionAndOnce() {
        JobQueue queue = queue(LONG);
        Job first = submit(queue, "first");
        Job second = submit(queue, "second");
        assertThat(queue.claim("a").orElseThrow().id()).isEqualTo(first.id());
        assertThat(queue.claim("b").orElseThrow().id()).isEqualTo(second.id());
        assertThat(queue.claim("c")).isEmpty();
        assertThat(queue.find(TENANT, first.id()).orElseThrow())
                .returns(JobState.RUNNING, Job::state)
                .returns("name: first", Job::recipe)
                .returns("admin", Job::createdBy);
    }

    @Test
    void manyWorkersAtOnceNeverGetTheSameJob() throws Exception {
        JobQueue queue = queue(LONG);
        for (int i = 0; i < 60; i++) {
            submit(queue, "job-" + i);
        }
        ConcurrentLinkedQueue<UUID> claimed = new ConcurrentLinkedQueue<>();
        List<Thread> workers = new ArrayList<>();
        for (int w = 0; w < 8; w++) {
            String name = "worker-" + w;
            workers.add(Thread.ofVirtual().start(() -> {
                for (var job = queue.claim(name); job.isPresent(); job = queue.claim(name)) {
                    claimed.add(job.get().id());
                }
            }));
        }
        for (Thread worker : workers) {
            worker.join();
        }
        assertThat(claimed).hasSize(60).doesNotHaveDuplicates();
    }

    @Test
    void aWorkerThatWasOnlyThoughtDeadCanWriteNothing() {
        JobQueue impatient = queue(NONE);
        submit(impatient, "job");
        Job stale = impatient.claim("slow").orElseThrow();
        Job fresh = queue(LONG).claim("next").orElseThrow();
        assertThat(fresh.id()).isEqualTo(stale.id());
        assertThat(stale.leaseUntil()).isBefore(fresh.leaseUntil()).isBefore(Instant.now());
        assertThat(fresh.leaseUntil()).isAfter(Instant.now());
        assertThat(stale.silent()).isTrue();
        assertThat(fresh.silent()).isFalse();
        List<Runnable> writes = List.of(
                () -> impatient.metric(stale, 1, Map.of("loss", 9.0)),
                () -> impatient.heartbeat(stale),
                () -> impatient.message(stale, "still here"),
                () -> impatient.steps(stale, 5),
                () -> impatient.complete(stale, new JobResult(folder)),
                () -> impatient.fail(stale, "no"),
                () -> impatient.sample(stale, 1, "Who?", "Me."),
                () -> impatient.stopped(stale));
        for (Runnable write : writes) {
            assertThatThrownBy(write::run).isInstanceOf(LostJobException.class);
        }
        assertThat(history().metrics(fresh.id(), -1)).isEmpty();
        assertThat(history().samples(fresh.id(), 10)).isEmpty();
        assertThat(history().log(fresh.id(), 0, 10))
                .extracting(LogLine::text)
                .containsExactly("worker slow takes the job", "worker slow fell silent; worker next takes the job");
        assertThat(impatient.find(TENANT, fresh.id()).orElseThrow())
                .returns(JobState.RUNNING, Job::state)
                .returns(null, Job::message);
    }

    @Test
    void aMetricToldTwiceIsThereOnceAsItWasToldLast() {
        JobQueue queue = queue(LONG);
        submit(queue, "job");
        Job job = queue.claim("a").orElseThrow();
        queue.metric(job, 1, Map.of("loss", 3.0));
        queue.metric(job, 2, Map.of("loss", 2.5));
        queue.metric(job, 2, Map.of("loss", 2.25));
        assertThat(history().metrics(job.id(), -1))
                .extracting(Metric::step, metric -> metric.values().get("loss"))
                .containsExactly(tuple(1, 3.0), tuple(2, 2.25));
        assertThat(history().metrics(job.id(), 1)).extracting(Metric::step).containsExactly(2);
    }

    @Test
    void aJobThatTakesDownItsWorkersWithoutGettingFurtherFailsInTheEnd() {
        JobQueue queue = queue(NONE);
        Job job = submit(queue, "poison");
        for (int attempt = 1; attempt <= 3; attempt++) {
            Job held = queue.claim("victim").orElseThrow();
            assertThat(held.attempts()).isEqualTo(attempt);
        }
        assertThat(queue.claim("victim")).isEmpty();
        assertThat(queue.find(TENANT, job.id()).orElseThrow())
                .returns(JobState.FAILED, Job::state)
                .extracting(Job::error)
                .asString()
                .contains("3 times");
    }

    @Test
    void gettingFurtherCountsAndGoingBackToACheckpointDoesNot() {
        JobQueue queue = queue(NONE);
        submit(queue, "job");
        for (int step = 1; step <= 6; step++) {
            queue.metric(queue.claim("a").orElseThrow(), step, Map.of("loss", 1.0));
        }
        for (int attempt = 1; attempt <= 3; attempt++) {
            Job again = queue.claim("a").orElseThrow();
            queue.metric(again, 5, Map.of("loss", 1.0));
            queue.metric(again, 6, Map.of("loss", 1.0));
        }
        assertThat(queue.claim("a")).isEmpty();
        assertThat(queue.list(TENANT, 1).getFirst().state()).isEqualTo(JobState.FAILED);
    }

    @Test
    void aWaitingJobIsCancelledAtOnceAndAnEndedOneNotAtAll() {
        JobQueue queue = queue(LONG);
        Job job = submit(queue, "job");
        assertThat(queue.cancel(UUID.randomUUID(), job.id(), "me"))
                .as("another tenant")
                .isFalse();
        assertThat(queue.cancel(TENANT, job.id(), "me")).isTrue();
        assertThat(queue.find(TENANT, job.id()).orElseThrow().state()).isEqualTo(JobState.CANCELLED);
        assertThat(queue.cancel(TENANT, job.id(), "me")).isFalse();
        assertThat(queue.claim("a")).isEmpty();
    }

    @Test
    void aRunningJobIsCancelledThroughItsWorker() throws Exception {
        JobQueue queue = queue(Duration.ofMillis(300));
        Job job = submit(queue, "job");
        CountDownLatch running = new CountDownLatch(1);
        AtomicReference<Job> seen = new AtomicReference<>();
        JobRunner endless = (held, workDir, progress) -> {
            seen.set(held);
            running.countDown();
            while (!progress.cancelled()) {
                Thread.sleep(5);
            }
            throw new java.util.concurrent.CancellationException();
        };
        try (Worker worker = new Worker(queue, endless, folder, "w", Duration.ofMillis(20), line -> {})) {
            Thread.ofPlatform().start(worker);
            running.await();
            assertThat(queue.cancel(TENANT, job.id(), "me")).isTrue();
            assertThat(ended(queue, job).state()).isEqualTo(JobState.CANCELLED);
        }
    }

    @Test
    void aWorkerThatShutsDownGivesItsJobBack() throws Exception {
        JobQueue queue = queue(LONG);
        Job job = submit(queue, "job");
        CountDownLatch running = new CountDownLatch(1);
        JobRunner endless = (held, workDir, progress) -> {
            progress.metric(1, Map.of("loss", 1.0));
            running.countDown();
            while (!progress.cancelled()) {
                Thread.sleep(5);
            }
            throw new java.util.concurrent.CancellationException();
        };
        try (Worker worker = new Worker(queue, endless, folder, "w", Duration.ofMillis(20), line -> {})) {
            Thread.ofPlatform().start(worker);
            running.await();
        }
        assertThat(queue.find(TENANT, job.id()).orElseThrow())
                .returns(JobState.QUEUED, Job::state)
                .returns(0, Job::attempts);
    }

    @Test
    void aWorkerEndsByItselfOnceNoJobWaitedForAWhileAndTellsWhatItDid() throws Exception {
        JobQueue queue = queue(LONG);
        Job job = submit(queue, "job");
        Job broken = submit(queue, "broken");
        List<String> told = new ArrayList<>();
        JobRunner runner = (held, workDir, progress) -> {
            if (held.id().equals(broken.id())) {
                throw new IllegalArgumentException("no data");
            }
            return new JobResult(workDir);
        };
        Worker worker = new Worker(queue, runner, folder, "w", Duration.ofMillis(20), told::add);
        worker.until(Duration.ofMillis(100)).run();
        assertThat(told)
                .containsExactly(
                        "takes train job job (" + job.id() + ")",
                        "finished train job job (" + job.id() + "): "
                                + folder.resolve(job.id().toString()),
                        "takes train job broken (" + broken.id() + ")",
                        "failed at train job broken (" + broken.id() + "): no data",
                        "no job waited for 0 s");
    }

    @Test
    void whatTheRunnerThrowsIsWhyTheJobFailed() throws Exception {
        JobQueue queue = queue(LONG);
        Job job = submit(queue, "job");
        JobRunner broken = (held, workDir, progress) -> {
            throw new IllegalArgumentException("data.jsonl:3: has no \"text\"");
        };
        try (Worker worker = new Worker(queue, broken, folder, "w", Duration.ofMillis(20), line -> {})) {
            Thread.ofPlatform().start(worker);
            assertThat(ended(queue, job))
                    .returns(JobState.FAILED, Job::state)
                    .returns("data.jsonl:3: has no \"text\"", Job::error);
        }
    }

    private static Job ended(JobQueue queue, Job job) throws InterruptedException {
        for (int i = 0; i < 1000; i++) {
            Job now = queue.find(TENANT, job.id()).orElseThrow();
            if (now.state().isEnd()) {
                return now;
            }
            Thread.sleep(10);
        }
        throw new AssertionError("the job did not end in time");
    }
}
