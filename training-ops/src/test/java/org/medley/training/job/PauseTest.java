package org.medley.training.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jobs that rest and go on, and requests that cross each other. */
class PauseTest {
    private static final UUID TENANT = UUID.randomUUID();
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration NONE = Duration.ZERO;
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

    private static Job submit(JobQueue queue) {
        return queue.submit(new Submission(TENANT, "admin", "job", "train", null, "", Map.of()));
    }

    private static Job now(JobQueue queue, Job job) {
        return queue.find(TENANT, job.id()).orElseThrow();
    }

    @Test
    void aWaitingJobRestsAtOnceAndNobodyTakesItUntilItIsResumed() {
        JobQueue queue = queue(LONG);
        Job job = submit(queue);
        assertThat(queue.pause(UUID.randomUUID(), job.id(), "other tenant")).isFalse();
        assertThat(queue.pause(TENANT, job.id(), "me")).isTrue();
        assertThat(now(queue, job).state()).isEqualTo(JobState.PAUSED);
        assertThat(queue.pause(TENANT, job.id(), "me")).as("twice").isFalse();
        assertThat(queue.claim("w")).isEmpty();
        assertThat(queue.resume(UUID.randomUUID(), job.id(), "other tenant")).isFalse();
        assertThat(queue.resume(TENANT, job.id(), "me")).isTrue();
        assertThat(queue.resume(TENANT, job.id(), "me")).as("twice").isFalse();
        assertThat(queue.claim("w")).get().returns(job.id(), Job::id).returns(1, Job::attempts);
        assertThat(database.history().log(job.id(), 0, 10))
                .extracting(LogLine::text)
                .containsExactly("paused by me", "resumed by me", "worker w takes the job");
    }

    @Test
    void aRunningJobRestsWhenItsWorkerHasEndedItsTurn() {
        JobQueue queue = queue(LONG);
        Job job = submit(queue);
        Job held = queue.claim("w").orElseThrow();
        assertThat(queue.heartbeat(held)).isFalse();
        assertThat(queue.pause(TENANT, job.id(), "me")).isTrue();
        assertThat(now(queue, job)).returns(JobState.RUNNING, Job::state).returns(true, Job::pauseRequested);
        assertThat(queue.metric(held, 1, Map.of("loss", 1.0)))
                .as("told by a metric")
                .isTrue();
        assertThat(queue.heartbeat(held)).as("told by a heartbeat").isTrue();
        assertThat(queue.stopped(held)).isEqualTo(JobState.PAUSED);
        assertThat(now(queue, job)).returns(false, Job::pauseRequested).returns(0, Job::attempts);
        assertThat(queue.claim("w")).isEmpty();
        assertThatThrownBy(() -> queue.metric(held, 2, Map.of())).isInstanceOf(LostJobException.class);
    }

    @Test
    void aPauseThatIsTakenBackBeforeTheWorkerFollowedItIsNone() {
        JobQueue queue = queue(LONG);
        Job job = submit(queue);
        Job held = queue.claim("w").orElseThrow();
        queue.pause(TENANT, job.id(), "me");
        assertThat(queue.heartbeat(held)).isTrue();
        assertThat(queue.resume(TENANT, job.id(), "me")).isTrue();
        assertThat(queue.heartbeat(held)).as("goes on").isFalse();
        // A worker that had begun to stop already hands the job to whoever comes next.
        assertThat(queue.stopped(held)).isEqualTo(JobState.QUEUED);
    }

    @Test
    void whatIsCancelledWhilePausingOrPausedStaysCancelled() {
        JobQueue queue = queue(LONG);
        Job running = submit(queue);
        Job held = queue.claim("w").orElseThrow();
        queue.pause(TENANT, running.id(), "me");
        assertThat(queue.cancel(TENANT, running.id(), "me")).isTrue();
        assertThat(queue.resume(TENANT, running.id(), "me")).isFalse();
        assertThat(queue.stopped(held)).isEqualTo(JobState.CANCELLED);
        Job paused = submit(queue);
        queue.pause(TENANT, paused.id(), "me");
        assertThat(queue.cancel(TENANT, paused.id(), "me")).isTrue();
        assertThat(now(queue, paused).state()).isEqualTo(JobState.CANCELLED);
        assertThat(queue.resume(TENANT, paused.id(), "me")).isFalse();
        assertThat(queue.pause(TENANT, paused.id(), "me")).isFalse();
    }

    @Test
    void aJobCancelledWhileItsWorkerShutsDownDoesNotWaitForever() {
        JobQueue queue = queue(LONG);
        Job job = submit(queue);
        Job held = queue.claim("w").orElseThrow();
        queue.cancel(TENANT, job.id(), "me");
        assertThat(queue.stopped(held)).isEqualTo(JobState.CANCELLED);
    }

    @Test
    void aJobWhoseWorkerFellSilentIsPutToRestByWhoeverAsks() {
        JobQueue queue = queue(NONE);
        Job job = submit(queue);
        assertThat(queue.claim("dead")).isPresent();
        assertThat(queue.pause(TENANT, job.id(), "me")).isTrue();
        assertThat(now(queue, job).state())
                .as("nobody is there to follow a request")
                .isEqualTo(JobState.PAUSED);
        queue.resume(TENANT, job.id(), "me");
        assertThat(queue.claim("dead")).isPresent();
        assertThat(queue.cancel(TENANT, job.id(), "me")).isTrue();
        assertThat(now(queue, job).state()).isEqualTo(JobState.CANCELLED);
    }

    @Test
    void aWorkerKilledWhileItPausesLeavesAPausedJob() throws Exception {
        JobQueue patient = queue(LONG);
        Job job = submit(patient);
        Job held = patient.claim("w").orElseThrow();
        patient.metric(held, 7, Map.of("loss", 1.0));
        patient.pause(TENANT, job.id(), "me");
        database.execute("UPDATE training_job SET lease_until = clock_timestamp() - interval '1 s'");
        assertThat(patient.claim("next")).isEmpty();
        assertThat(now(patient, job)).returns(JobState.PAUSED, Job::state).returns(7, Job::step);
        patient.resume(TENANT, job.id(), "me");
        assertThat(patient.claim("next")).get().returns(1, Job::attempts);
    }

    @Test
    void aJobThatIsCompleteBeforeItsPauseIsFollowedSucceeds() {
        JobQueue queue = queue(LONG);
        Job job = submit(queue);
        Job held = queue.claim("w").orElseThrow();
        queue.pause(TENANT, job.id(), "me");
        queue.complete(held, new JobResult(folder));
        assertThat(now(queue, job)).returns(JobState.SUCCEEDED, Job::state).returns(false, Job::pauseRequested);
    }

    /** Whatever crosses whatever, the job is never lost, and its states follow one another without a gap. */
    @Test
    void requestsFromAllSidesAtOnceLeaveTheJobInOneState() throws Exception {
        for (long seed = 1; seed <= 6; seed++) {
            empty();
            JobQueue queue = queue(Duration.ofMillis(60));
            Job job = submit(queue);
            AtomicInteger steps = new AtomicInteger();
            JobRunner runner = (held, workDir, progress) -> {
                while (!progress.cancelled()) {
                    progress.metric(steps.incrementAndGet(), Map.of("loss", 1.0));
                }
                throw new CancellationException();
            };
            List<Thread> people = new ArrayList<>();
            try (Worker one = worker(queue, runner, "one");
                    Worker two = worker(queue, runner, "two")) {
                Thread.ofPlatform().start(one);
                Thread.ofPlatform().start(two);
                for (int p = 0; p < 4; p++) {
                    Random random = new Random(seed * 10 + p);
                    people.add(Thread.ofPlatform().start(() -> {
                        for (int i = 0; i < 25; i++) {
                            if (random.nextBoolean()) {
                                queue.pause(TENANT, job.id(), "p");
                            } else {
                                queue.resume(TENANT, job.id(), "p");
                            }
                        }
                    }));
                }
                for (Thread person : people) {
                    person.join();
                }
                queue.resume(TENANT, job.id(), "p");
                int before = steps.get();
                await(() -> steps.get() > before, "goes on after all, seed " + seed);
                queue.cancel(TENANT, job.id(), "p");
                await(() -> now(queue, job).state() == JobState.CANCELLED, "is cancelled, seed " + seed);
            }
            JobState at = null;
            for (Transition transition : database.history().transitions(job.id())) {
                assertThat(transition.from()).as("seed " + seed).isEqualTo(at);
                at = transition.to();
            }
            assertThat(at).isEqualTo(JobState.CANCELLED);
            List<LogLine> lines = database.history().log(job.id(), 0, 5000);
            assertThat(lines)
                    .as("log lines are counted without a gap, seed " + seed)
                    .extracting(LogLine::sequence)
                    .containsExactlyElementsOf(IntStream.rangeClosed(1, lines.size())
                            .mapToObj(Long::valueOf)
                            .toList());
        }
    }

    private Worker worker(JobQueue queue, JobRunner runner, String name) {
        return new Worker(queue, runner, folder, name, Duration.ofMillis(5), line -> {});
    }

    private interface Check {
        boolean holds();
    }

    private static void await(Check check, String what) throws InterruptedException {
        long until = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!check.holds()) {
            assertThat(System.nanoTime()).as(what).isLessThan(until);
            Thread.sleep(5);
        }
    }

    @Test
    void aPausedRunGoesOnWhereItStopped() throws Exception {
        JobQueue queue = queue(LONG);
        Job job = submit(queue);
        List<Integer> worked = new ArrayList<>();
        CountDownLatch halfway = new CountDownLatch(1);
        AtomicInteger checkpoint = new AtomicInteger();
        JobRunner runner = (held, workDir, progress) -> {
            for (int step = checkpoint.get() + 1; step <= 40; step++) {
                if (progress.cancelled()) {
                    checkpoint.set(step - 1);
                    throw new CancellationException();
                }
                worked.add(step);
                progress.metric(step, Map.of("loss", 1.0 / step));
                if (step == 20) {
                    halfway.countDown();
                    await(() -> now(queue, job).pauseRequested() || checkpoint.get() > 0, "paused");
                }
            }
            return new JobResult(workDir);
        };
        try (Worker worker = worker(queue, runner, "w")) {
            Thread.ofPlatform().start(worker);
            halfway.await();
            queue.pause(TENANT, job.id(), "me");
            await(() -> now(queue, job).state() == JobState.PAUSED, "paused");
            assertThat(now(queue, job).step()).isLessThan(40);
            queue.resume(TENANT, job.id(), "me");
            await(() -> now(queue, job).state() == JobState.SUCCEEDED, "succeeded");
        }
        assertThat(worked)
                .containsExactlyElementsOf(IntStream.rangeClosed(1, 40).boxed().toList());
    }
}
