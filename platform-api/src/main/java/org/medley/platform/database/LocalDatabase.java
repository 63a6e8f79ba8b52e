package org.medley.platform.database;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * The PostgreSQL that comes with Medley, for installations that bring none: it listens on loopback only, asks every role
 * for a password from the first moment, and is as durable as any other (docs/adr/0003).
 */
public final class LocalDatabase implements AutoCloseable {
    /** Owns the tables and changes them (migrations). */
    public static final String OWNER = "medley_owner";
    /** What the application works as: rows only, and of the audit trail only reading and adding. */
    public static final String APP = "medley_app";

    private static final String NAME = "medley";
    private static final String SUPERUSER = "postgres";
    private static final int SECRET_BYTES = 24;
    private static final Duration START = Duration.ofSeconds(60);
    private static final Duration STOP = Duration.ofSeconds(20);

    private final int port;
    private final Secrets secrets;
    private final EmbeddedPostgres server;
    private final FileChannel lock;

    private LocalDatabase(int port, Secrets secrets, EmbeddedPostgres server, FileChannel lock) {
        this.port = port;
        this.secrets = secrets;
        this.server = server;
        this.lock = lock;
    }

    /** Starts the database of the data folder, making it on the first start. */
    public static LocalDatabase start(Path data) {
        FileChannel lock = lock(data);
        if (lock == null) {
            throw new IllegalStateException(
                    data + " is in use by another Medley; stop that one or choose another folder with --data");
        }
        return start(data, lock);
    }

    /** The database of a Medley that runs on this data folder, or one started for the purpose. */
    public static LocalDatabase attach(Path data) {
        FileChannel lock = lock(data);
        return lock != null
                ? start(data, lock)
                : new LocalDatabase(runningPort(data), new Secrets(data.resolve("secrets")), null, null);
    }

    private static LocalDatabase start(Path data, FileChannel lock) {
        Path cluster = data.resolve(SUPERUSER);
        Secrets secrets = new Secrets(data.resolve("secrets"));
        try {
            stopLeftOver(cluster);
            Path binaries = privateFolder(data.resolve("postgres-binaries"));
            EmbeddedPostgres server = EmbeddedPostgres.builder()
                    .setDataDirectory(cluster)
                    .setCleanDataDirectory(false)
                    // The library opens its folder to everybody, so that folder lies in one that is not.
                    .setOverrideWorkingDirectory(binaries.resolve("unpacked").toFile())
                    // A hook of its own would race with the application's shutdown.
                    .setRegisterShutdownHook(false)
                    .setPGStartupWait(START)
                    // Options of initdb: no role is ever let in without its password.
                    .setLocaleConfig("auth-local", "scram-sha-256")
                    .setLocaleConfig("auth-host", "scram-sha-256")
                    .setLocaleConfig(
                            "pwfile", secrets.file(SUPERUSER, SECRET_BYTES).toString())
                    .setLocaleConfig("locale-provider", "builtin")
                    .setLocaleConfig("builtin-locale", "C.UTF-8")
                    .setLocaleConfig("locale", "C")
                    .setConnectConfig("password", secrets.get(SUPERUSER, SECRET_BYTES))
                    // The library is made for tests and trades durability for speed; take that back.
                    .setServerConfig("fsync", "on")
                    .setServerConfig("synchronous_commit", "on")
                    .setServerConfig("max_connections", "100")
                    .setServerConfig("listen_addresses", "127.0.0.1")
                    .setServerConfig("unix_socket_directories", "")
                    .start();
            LocalDatabase database = new LocalDatabase(server.getPort(), secrets, server, lock);
            database.prepare();
            return database;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start PostgreSQL in " + cluster, e);
        } catch (SQLException e) {
            throw new IllegalStateException("cannot prepare PostgreSQL in " + cluster, e);
        }
    }

    public String url() {
        return url(NAME);
    }

    private String url(String database) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
    }

    /** What the application has to be told to work on this database. */
    public Map<String, String> settings() {
        return Map.of(
                "quarkus.datasource.jdbc.url", url(),
                "quarkus.datasource.username", APP,
                "quarkus.datasource.password", password(APP),
                "quarkus.flyway.username", OWNER,
                "quarkus.flyway.password", password(OWNER));
    }

    public String password(String role) {
        return secrets.get(role, SECRET_BYTES);
    }

    public DataSource as(String role) {
        return dataSource(role, NAME);
    }

    /** For maintenance and for tests of what even this role cannot do unseen. */
    public DataSource asSuperuser() {
        return dataSource(SUPERUSER, NAME);
    }

    private DataSource dataSource(String role, String database) {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setURL(url(database));
        source.setUser(role);
        source.setPassword(password(role));
        return source;
    }

    private void prepare() throws SQLException {
        try (Connection connection = dataSource(SUPERUSER, SUPERUSER).getConnection();
                Statement sql = connection.createStatement()) {
            for (String role : List.of(OWNER, APP)) {
                if (!exists(sql, "SELECT FROM pg_roles WHERE rolname = '" + role + "'")) {
                    sql.execute("CREATE ROLE " + role + " LOGIN");
                }
                sql.execute("ALTER ROLE " + role + " PASSWORD '" + password(role) + "'");
            }
            if (!exists(sql, "SELECT FROM pg_database WHERE datname = '" + NAME + "'")) {
                sql.execute("CREATE DATABASE " + NAME + " OWNER " + OWNER);
            }
            sql.execute("REVOKE ALL ON DATABASE " + NAME + " FROM PUBLIC");
            sql.execute("GRANT CONNECT ON DATABASE " + NAME + " TO " + APP);
        }
    }

    private static boolean exists(Statement sql, String query) throws SQLException {
        try (var rows = sql.executeQuery(query)) {
            return rows.next();
        }
    }

    /** Holds the folder for this process; null if another one does. */
    private static FileChannel lock(Path data) {
        try {
            if (!Files.exists(data)) {
                privateFolder(data);
            }
            FileChannel channel =
                    FileChannel.open(data.resolve("medley.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = tryLock(channel);
            if (lock == null) {
                channel.close();
                return null;
            }
            return channel;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot use the data folder " + data, e);
        }
    }

    private static Path privateFolder(Path folder) throws IOException {
        Files.createDirectories(folder);
        return Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    }

    private static FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException held) {
            return null;
        }
    }

    private static int runningPort(Path data) {
        Path pidFile = data.resolve(SUPERUSER).resolve("postmaster.pid");
        try {
            return Integer.parseInt(Files.readAllLines(pidFile).get(3).strip());
        } catch (IOException | IndexOutOfBoundsException | NumberFormatException e) {
            throw new IllegalStateException(
                    data + " is in use, but its PostgreSQL does not run yet; try again in a few seconds", e);
        }
    }

    /** Whether a data folder has a database. */
    static boolean isIn(Path data) {
        return Files.isDirectory(data.resolve(SUPERUSER));
    }

    /**
     * After a kill of the JVM its PostgreSQL lives on, and after a power cut its pid file does. As we hold the folder's
     * lock, nobody needs either.
     */
    private static void stopLeftOver(Path cluster) throws IOException {
        Path pidFile = cluster.resolve("postmaster.pid");
        if (!Files.exists(pidFile)) {
            return;
        }
        List<String> lines = Files.readAllLines(pidFile);
        if (!lines.isEmpty() && lines.getFirst().strip().matches("\\d{1,10}")) {
            ProcessHandle.of(Long.parseLong(lines.getFirst().strip()))
                    .filter(process -> process.info().commandLine().orElse("").contains(cluster.toString()))
                    .ifPresent(LocalDatabase::stop);
        }
        Files.deleteIfExists(pidFile);
    }

    private static void stop(ProcessHandle process) {
        process.destroy();
        try {
            process.onExit().get(STOP.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            process.destroyForcibly();
            process.onExit().join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new CompletionException(e);
        }
    }

    /** Stops what this object started; a database that was only attached to goes on. */
    @Override
    public void close() throws IOException {
        if (server != null) {
            server.close();
            lock.close();
        }
    }
}
