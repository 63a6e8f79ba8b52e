package org.medley.training.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two worker processes are killed without warning, again and again, at moments drawn from a seed. */
class WorkerKillTest {
    private static final int KILLS = 20;
    private static final int JOBS = 8;
    private static final long SEED = 20_261_121L;
    private static final int MAX_LIFE_MILLIS = 1800;
    private static final UUID TENANT = UUID.randomUUID();

    @TempDir
    Path folder;

    @Test
    @Timeout(300)
    void noJobIsLostNoneIsDoneTwiceAndNoMetricIsMissingOrDouble() throws Exception {
        Random random = new Random(SEED);
        try (TestDatabase database = TestDatabase.start()) {
            countCompletions(database);
            JobQueue queue = new JobQueue(database.dataSource());
            List<UUID> jobs = new ArrayList<>();
            for (int i = 0; i < JOBS; i++) {
                jobs.add(queue.submit(new Submission(TENANT, "admin", "job-" + i, "train", null, "", Map.of()))
                        .id());
            }
            List<Process> workers = new ArrayList<>(List.of(worker(database), worker(database)));
            int paused = 0;
            for (int kill = 0; kill < KILLS; kill++) {
                long life = random.nextInt(MAX_LIFE_MILLIS);
                // People pause and resume jobs meanwhile, also such as are just being killed.
                UUID job = jobs.get(random.nextInt(JOBS));
                Thread.sleep(life / 2);
                boolean asked = random.nextBoolean() ? queue.pause(TENANT, job, "a") : queue.resume(TENANT, job, "a");
                paused += asked ? 1 : 0;
                Thread.sleep(life / 2);
                Process victim = workers.remove(random.nextInt(workers.size()));
                victim.destroyForcibly().waitFor();
                workers.add(worker(database));
            }
            assertThat(paused).as("pauses and resumptions, seed " + SEED).isPositive();
            try {
                waitForAll(queue, jobs);
            } finally {
                for (Process worker : workers) {
                    worker.destroyForcibly().waitFor();
                }
            }
            List<Double> whole = IntStream.rangeClosed(1, SlowWorker.STEPS)
                    .mapToObj(SlowWorker::loss)
                    .toList();
            for (UUID job : jobs) {
                assertThat(queue.find(TENANT, job).orElseThrow().state()).isEqualTo(JobState.SUCCEEDED);
                assertThat(database.history().metrics(job, -1))
                        .extracting(metric -> metric.values().get("loss"))
                        .isEqualTo(whole);
                assertThat(transitions(database, job))
                        .as("states, each from where the last one led")
                        .startsWith("null>QUEUED")
                        .endsWith(">SUCCEEDED");
                assertThat(database.number("SELECT count(*) FROM completion WHERE job = '" + job + "'"))
                        .isOne();
            }
            assertThat(database.number("SELECT sum(fence) FROM training_job"))
                    .as("claims: kills must have hit workers that held a job, or this test shows nothing")
                    .isGreaterThanOrEqualTo(JOBS + KILLS / 4);
        }
    }

    /** An observer beside the queue's own code: the database itself counts how often a job comes to its end. */
    private static void countCompletions(TestDatabase database) throws Exception {
        database.execute("CREATE TABLE completion (job uuid)");
        database.execute("CREATE FUNCTION completed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                + " INSERT INTO completion VALUES (NEW.id); RETURN NEW; END $$");
        database.execute("CREATE TRIGGER completed AFTER UPDATE ON training_job FOR EACH ROW"
                + " WHEN (NEW.state = 'SUCCEEDED') EXECUTE FUNCTION completed()");
    }

    private Process worker(TestDatabase database) throws Exception {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        SlowWorker.class.getName(),
                        database.url(),
                        folder.toString())
                .inheritIO()
                .start();
    }

    private static String transitions(TestDatabase database, UUID job) {
        StringBuilder path = new StringBuilder();
        JobState at = null;
        for (Transition transition : database.history().transitions(job)) {
            assertThat(transition.from()).as("after " + path).isEqualTo(at);
            at = transition.to();
            path.append(path.isEmpty() ? "" : " ")
                    .append(transition.from())
                    .append('>')
                    .append(at);
        }
        return path.toString();
    }

    private static void waitForAll(JobQueue queue, List<UUID> jobs) throws InterruptedException {
        long until = System.nanoTime() + Duration.ofSeconds(120).toNanos();
        while (queue.list(TENANT, JOBS).stream().anyMatch(job -> !job.state().isEnd())) {
            assertThat(System.nanoTime()).as("time").isLessThan(until);
            jobs.forEach(job -> queue.resume(TENANT, job, "a"));
            Thread.sleep(50);
        }
    }
}
