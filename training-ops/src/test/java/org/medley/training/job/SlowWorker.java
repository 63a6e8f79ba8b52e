package org.medley.training.job;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CancellationException;

/** A worker process that the kill test may shoot at: every step takes a moment, every fifth is a checkpoint. */
final class SlowWorker {
    static final int STEPS = 60;
    private static final int CHECKPOINT_EVERY = 5;
    private static final long STEP_MILLIS = 15;

    private SlowWorker() {}

    /** What step {@code step} of a job must have reported, whoever ran it and however often. */
    static double loss(int step) {
        return 4.0 / Math.sqrt(step);
    }

    public static void main(String[] args) {
        JobQueue queue = new JobQueue(TestDatabase.dataSource(args[0]), Duration.ofMillis(700), 1000);
        new Worker(
                        queue,
                        SlowWorker::work,
                        Path.of(args[1]),
                        "pid-" + ProcessHandle.current().pid(),
                        Duration.ofMillis(30),
                        line -> {})
                .run();
    }

    private static JobResult work(Job job, Path workDir, Progress progress) throws Exception {
        Path checkpoint = workDir.resolve("checkpoint");
        int done = Files.exists(checkpoint) ? Integer.parseInt(Files.readString(checkpoint)) : 0;
        progress.steps(STEPS);
        for (int step = done + 1; step <= STEPS; step++) {
            if (progress.cancelled()) {
                checkpoint(workDir, step - 1);
                throw new CancellationException();
            }
            Thread.sleep(STEP_MILLIS);
            progress.metric(step, Map.of("loss", loss(step)));
            if (step % CHECKPOINT_EVERY == 0) {
                checkpoint(workDir, step);
            }
        }
        return new JobResult(workDir);
    }

    private static void checkpoint(Path workDir, int step) throws IOException {
        Path fresh = Files.writeString(
                workDir.resolve("checkpoint." + ProcessHandle.current().pid()), Integer.toString(step));
        Files.move(fresh, workDir.resolve("checkpoint"), StandardCopyOption.ATOMIC_MOVE);
    }
}
