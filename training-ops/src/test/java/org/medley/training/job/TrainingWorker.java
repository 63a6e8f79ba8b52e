package org.medley.training.job;

import java.nio.file.Path;
import java.time.Duration;
import org.medley.training.trainer.Catalog;
import org.medley.training.trainer.RecipeRunner;

/** A worker that really trains, in a process that is there to be killed. Arguments: database, home. */
final class TrainingWorker {
    private TrainingWorker() {}

    public static void main(String[] args) {
        Path home = Path.of(args[1]);
        JobQueue queue = new JobQueue(TestDatabase.dataSource(args[0]), Duration.ofMillis(700), 1000);
        Catalog catalog = new Catalog(home.resolve("models"), home.resolve("datasets"), null);
        String name = "pid-" + ProcessHandle.current().pid();
        RecipeRunner runner = new RecipeRunner(tenant -> catalog);
        new Worker(queue, runner, home.resolve("jobs"), name, Duration.ofMillis(30), line -> {}).run();
    }
}
