package org.medley.training.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.medley.training.recipe.Recipes;
import org.medley.training.recipe.TrainRecipe;
import org.medley.training.trainer.Catalog;
import org.medley.training.trainer.Lineage;
import org.medley.training.trainer.RunListener;
import org.medley.training.trainer.TrainRun;

/**
 * A worker that trains is killed without warning, again and again, at moments drawn from a seed: while it reads data,
 * trains, writes a checkpoint, keeps the job's books or writes the model. {@code -Dmedley.kills=100} kills more often.
 */
class TrainingKillTest {
    private static final int KILLS = Integer.getInteger("medley.kills", 8);
    private static final long SEED = 20_261_122L;
    private static final int MAX_LIFE_MILLIS = 4_000;
    private static final UUID TENANT = UUID.randomUUID();

    @TempDir
    Path home;

    private static String recipe(int job) {
        return """
                kind: train
                name: killed-%d
                stage: finetune
                model: {vocabulary: 300, scratch: {hidden: 64, layers: 2, heads: 4, kvHeads: 2, intermediate: 96, context: 64}}
                data: [{dataset: counting, format: chat}]
                sequence: 64
                microTokens: 512
                batchTokens: 2048
                steps: %d
                optimizer: {learningRate: 0.003, method: %s}
                checkpoint: {every: 3}
                average: 0.9
                dtype: F32
                seed: %d
                """.formatted(job, 12 * KILLS, job % 2 == 0 ? "adamw" : "adamw8bit", job);
    }

    @Test
    @Timeout(1800)
    void noJobIsLostOrDoubledAndEveryResumeIsExact() throws Exception {
        Files.createDirectories(home.resolve("datasets"));
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 200; i++) {
            lines.append("{\"messages\":[{\"role\":\"user\",\"content\":\"count from " + i
                    + "\"},{\"role\":\"assistant\",\"content\":\"" + i + " then " + (i + 1) + "\"}]}\n");
        }
        Files.writeString(home.resolve("datasets/counting.jsonl"), lines);
        try (TestDatabase database = TestDatabase.start()) {
            JobQueue queue = new JobQueue(database.dataSource());
            List<UUID> jobs = new ArrayList<>();
            for (int job = 0; job < 2; job++) {
                jobs.add(queue.submit(new Submission(
                                TENANT, "admin", "killed-" + job, "train", "finetune", recipe(job), Map.of()))
                        .id());
            }
            int hits = kill(database, queue);
            assertThat(hits).as("kills of a worker that held a job").isGreaterThanOrEqualTo(KILLS / 2);
            for (int job = 0; job < jobs.size(); job++) {
                Job done = queue.find(TENANT, jobs.get(job)).orElseThrow();
                assertThat(done.state()).as("job %d: %s", job, done.error()).isEqualTo(JobState.SUCCEEDED);
                Map<Integer, Double> losses = new LinkedHashMap<>();
                Lineage whole = uninterrupted(job, losses);
                assertThat(Lineage.read(done.folder(), whole.sha256()).sha256()).isEqualTo(whole.sha256());
                Map<Integer, Double> told = new LinkedHashMap<>();
                database.history()
                        .metrics(jobs.get(job), -1)
                        .forEach(m -> told.put(m.step(), m.values().get("loss")));
                assertThat(told).isEqualTo(losses);
            }
        }
    }

    /** @return kills of a worker that was at a job */
    private int kill(TestDatabase database, JobQueue queue) throws Exception {
        Random random = new Random(SEED);
        int hits = 0;
        Process worker = worker(database);
        for (int kill = 0; kill < KILLS && open(queue); kill++) {
            int kills = kill;
            // Half of the time while it starts and reads, half while it trains.
            Thread.sleep(1_000 + random.nextInt(MAX_LIFE_MILLIS));
            List<Job> jobs = queue.list(TENANT, 9);
            hits += jobs.stream().anyMatch(job -> job.state() == JobState.RUNNING) ? 1 : 0;
            // Every other kill hits a worker that was just asked to pause, or has done so.
            jobs.forEach(job -> {
                if (kills % 2 == 0 || !queue.pause(TENANT, job.id(), "a")) {
                    queue.resume(TENANT, job.id(), "a");
                }
            });
            Thread.sleep(random.nextInt(400));
            worker.destroyForcibly().waitFor();
            worker = worker(database);
        }
        long until = System.nanoTime() + Duration.ofSeconds(600).toNanos();
        while (open(queue)) {
            assertThat(System.nanoTime()).as("time").isLessThan(until);
            queue.list(TENANT, 9).forEach(job -> queue.resume(TENANT, job.id(), "a"));
            Thread.sleep(100);
        }
        worker.destroyForcibly().waitFor();
        return hits;
    }

    private static boolean open(JobQueue queue) {
        return queue.list(TENANT, 9).stream().anyMatch(job -> !job.state().isEnd());
    }

    private Lineage uninterrupted(int job, Map<Integer, Double> losses) throws Exception {
        Catalog catalog = new Catalog(home.resolve("models"), home.resolve("datasets"), null);
        TrainRecipe recipe = (TrainRecipe) Recipes.parse(recipe(job), "test");
        RunListener listener = new RunListener() {
            @Override
            public void steps(int steps) {}

            @Override
            public void metric(int step, Map<String, Double> values) {
                losses.put(step, values.get("loss"));
            }

            @Override
            public void message(String text) {}

            @Override
            public boolean cancelled() {
                return false;
            }
        };
        return new TrainRun(recipe, catalog, home.resolve("whole-" + job), listener)
                .run(home.resolve("whole").resolve("killed-" + job));
    }

    private Process worker(TestDatabase database) throws Exception {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "--add-modules",
                        "jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        TrainingWorker.class.getName(),
                        database.url(),
                        home.toString())
                .inheritIO()
                .start();
    }
}
