package org.medley.platform.training;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import javax.sql.DataSource;
import org.medley.platform.database.CommandDatabase;
import org.medley.training.job.JobQueue;
import org.medley.training.job.Worker;
import org.medley.training.trainer.Catalog;
import org.medley.training.trainer.RecipeRunner;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * A training worker in a process of its own, on the platform's machine or on one that shares its data folder. Set {@code
 * medley.training.worker=false} on the platform to leave all jobs to such workers.
 */
@Command(
        name = "medley worker",
        mixinStandardHelpOptions = true,
        description = "Works on the platform's training jobs.")
public final class WorkerCommand implements Callable<Integer> {
    private static final Duration LEASE = Duration.ofSeconds(30);
    private static final Duration IDLE = Duration.ofSeconds(1);
    private static final int MAX_ATTEMPTS = 3;

    @Option(
            names = "--data",
            description = "the platform's data folder (default: ${DEFAULT-VALUE})",
            defaultValue = "${sys:user.home}/.medley")
    Path data;

    @Option(
            names = "--until-idle",
            paramLabel = "DURATION",
            description = "end when no job waited for so long, such as 5m; default: wait for ever")
    String untilIdle;

    public static void main(String... args) {
        CommandLine line = new CommandLine(new WorkerCommand());
        line.setExecutionExceptionHandler((problem, command, parsed) -> {
            command.getErr().println("medley: " + problem.getMessage());
            return 2;
        });
        System.exit(line.execute(args));
    }

    @Override
    public Integer call() throws Exception {
        Path folder = data.toAbsolutePath().normalize();
        return CommandDatabase.use(folder, database -> work(database, folder, patience()));
    }

    private Duration patience() {
        if (untilIdle == null) {
            return null;
        }
        if (!untilIdle.matches("\\d{1,6}[smh]")) {
            throw new IllegalArgumentException(
                    "--until-idle is '" + untilIdle + "'; a number with s, m or h is possible, such as 5m");
        }
        return Duration.parse("PT" + untilIdle.toUpperCase(Locale.ROOT));
    }

    private static int work(DataSource database, Path folder, Duration patience) throws SQLException {
        UUID first = firstTenant(database);
        String name = "worker-" + host() + "-" + ProcessHandle.current().pid();
        JobQueue queue = new JobQueue(database, LEASE, MAX_ATTEMPTS);
        RecipeRunner runner = new RecipeRunner(tenant -> catalog(folder, first, tenant));
        Worker worker = new Worker(queue, runner, folder.resolve("jobs"), name, IDLE, WorkerCommand::tell);
        if (patience != null) {
            worker.until(patience);
        }
        Runtime.getRuntime().addShutdownHook(new Thread(worker::close, "stop-worker"));
        System.out.println(name + " waits for jobs of " + folder + "; stop it with Ctrl-C");
        worker.run();
        return 0;
    }

    /** Where several machines work, a process id alone says little. */
    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "unnamed";
        }
    }

    private static void tell(String line) {
        System.out.println(LocalTime.now().truncatedTo(ChronoUnit.SECONDS) + " " + line);
    }

    /** The same places as in the platform: the first tenant has the data folder itself. */
    private static Catalog catalog(Path folder, UUID first, UUID tenant) {
        Path home = tenant.equals(first) ? folder : folder.resolve("tenants").resolve(tenant.toString());
        return new Catalog(home.resolve("models"), home.resolve("datasets"), null);
    }

    private static UUID firstTenant(DataSource database) throws SQLException {
        try (Connection connection = database.getConnection();
                Statement sql = connection.createStatement();
                ResultSet row = sql.executeQuery("SELECT id FROM identity_tenant ORDER BY created_at, id LIMIT 1")) {
            if (!row.next()) {
                throw new IllegalStateException("the platform has no tenant yet; start it once with medley run");
            }
            return row.getObject(1, UUID.class);
        }
    }
}
