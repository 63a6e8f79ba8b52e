package org.medley.platform;

import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.medley.platform.database.LocalDatabase;
import org.medley.platform.database.Secrets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Starts the platform: its database first, unless it is given one, then the application. */
@QuarkusMain
@Command(name = "medley run", mixinStandardHelpOptions = true, description = "Starts the platform.")
public final class Medley implements Callable<Integer> {
    private static final int SESSION_KEY_BYTES = 32;
    private static final long SHUTDOWN_SECONDS = 30;

    @Option(names = "--port", description = "where to listen; default 8080")
    Integer port;

    @Option(names = "--data", description = "folder of everything Medley keeps; default ~/.medley")
    Path data;

    @Option(
            names = "--demo",
            negatable = true,
            description = "whether a first start makes one user of each role; default yes")
    Boolean demo;

    public static void main(String... args) {
        CommandLine line = new CommandLine(new Medley());
        line.setExecutionExceptionHandler((problem, command, parsed) -> {
            command.getErr().println("medley: " + problem.getMessage());
            return 1;
        });
        int code = line.execute(args);
        if (code != 0 || line.isUsageHelpRequested() || line.isVersionHelpRequested()) {
            System.exit(code);
        }
    }

    @Override
    public Integer call() {
        Path folder = (data != null ? data : Path.of(setting("medley.storage.data", defaultData())))
                .toAbsolutePath()
                .normalize();
        System.setProperty("medley.storage.data", folder.toString());
        if (port != null) {
            System.setProperty("quarkus.http.port", port.toString());
        }
        if (demo != null) {
            System.setProperty("medley.identity.demo", demo.toString());
        }
        if (setting("quarkus.http.auth.session.encryption-key", null) == null) {
            System.setProperty(
                    "quarkus.http.auth.session.encryption-key",
                    new Secrets(folder.resolve("secrets")).get("session", SESSION_KEY_BYTES));
        }
        String external = setting("medley.database.url", null);
        if (external == null) {
            LocalDatabase database = LocalDatabase.start(folder);
            database.settings().forEach(System::setProperty);
            run(database);
        } else {
            externalSettings(external).forEach(System::setProperty);
            Quarkus.run();
        }
        return 0;
    }

    private static String defaultData() {
        return Path.of(System.getProperty("user.home"), ".medley").toString();
    }

    private static Map<String, String> externalSettings(String url) {
        return Map.of(
                "quarkus.datasource.jdbc.url", url,
                "quarkus.datasource.username", setting("medley.database.username", LocalDatabase.APP),
                "quarkus.datasource.password", required("medley.database.password"),
                "quarkus.flyway.username", setting("medley.database.owner.username", LocalDatabase.OWNER),
                "quarkus.flyway.password", required("medley.database.owner.password"));
    }

    /** Runs the application to its end; the database stops after it, never under it. */
    private static void run(LocalDatabase database) {
        CountDownLatch ended = new CountDownLatch(1);
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            try (database) {
                                if (!ended.await(SHUTDOWN_SECONDS, TimeUnit.SECONDS)) {
                                    System.err.println("medley: the application did not stop in time");
                                }
                            } catch (Exception e) {
                                System.err.println("medley: PostgreSQL did not stop: " + e.getMessage());
                            }
                        },
                        "stop-postgresql"));
        Quarkus.run(null, (code, problem) -> {
            if (problem != null) {
                System.err.println("medley: cannot start: " + cause(problem));
            }
            ended.countDown();
            System.exit(code);
        });
    }

    private static String required(String name) {
        String value = setting(name, null);
        if (value == null) {
            throw new IllegalArgumentException(
                    "medley.database.url is set, so " + name + " (or " + environmentName(name) + ") is needed too");
        }
        return value;
    }

    private static String setting(String name, String otherwise) {
        String value = System.getProperty(name, System.getenv(environmentName(name)));
        return value == null || value.isBlank() ? otherwise : value;
    }

    private static String environmentName(String name) {
        return name.replaceAll("[.-]", "_").toUpperCase(java.util.Locale.ROOT);
    }

    /** The innermost message: what is around it only says that something failed. */
    private static String cause(Throwable problem) {
        Throwable inner = problem;
        while (inner.getCause() != null) {
            inner = inner.getCause();
        }
        return inner.getMessage() == null ? inner.toString() : inner.getMessage();
    }
}
