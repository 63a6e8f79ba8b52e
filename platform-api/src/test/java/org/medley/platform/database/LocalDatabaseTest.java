package org.medley.platform.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class LocalDatabaseTest {
    @TempDir
    Path data;

    /** Another process that starts the database and writes a row every moment until it is killed. */
    static final class Writer {
        private Writer() {}

        public static void main(String[] args) throws Exception {
            LocalDatabase database = LocalDatabase.start(Path.of(args[0]));
            try (Connection connection = database.as(LocalDatabase.OWNER).getConnection();
                    Statement sql = connection.createStatement()) {
                sql.execute("CREATE TABLE IF NOT EXISTS kept (n int)");
                for (int n = 1; ; n++) {
                    sql.execute("INSERT INTO kept VALUES (" + n + ")");
                    System.out.println(n);
                }
            }
        }
    }

    @Test
    @Timeout(180)
    void whatWasCommittedOutlivesAKillOfTheApplicationAndOfPostgreSQL() throws Exception {
        Process writer = writer();
        int committed = 0;
        try (BufferedReader lines = writer.inputReader()) {
            while (committed < 50) {
                String line = lines.readLine();
                assertThat(line).as("the writer ended").isNotNull();
                committed = line.matches("\\d+") ? Integer.parseInt(line) : committed;
            }
            // The JVM dies; its PostgreSQL does not, and still holds the folder's pid file.
            writer.destroyForcibly().waitFor();
        }
        for (String inside : new String[] {"postgres", "postgres-binaries", "secrets"}) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve(inside))))
                    .as(inside)
                    .isEqualTo("rwx------");
        }
        long orphan = Long.parseLong(Files.readAllLines(data.resolve("postgres/postmaster.pid"))
                .getFirst()
                .strip());
        assertThat(ProcessHandle.of(orphan)).isPresent();
        try (LocalDatabase database = LocalDatabase.start(data)) {
            assertThat(ProcessHandle.of(orphan).filter(ProcessHandle::isAlive)).isEmpty();
            assertThat(number(database.as(LocalDatabase.OWNER), "SELECT count(*) FROM kept"))
                    .isGreaterThanOrEqualTo(committed);
        }
        // A pid file that a power cut left behind names a process that is something else by now.
        Files.writeString(
                data.resolve("postgres/postmaster.pid"), ProcessHandle.current().pid() + "\n/nowhere\n0\n5432\n");
        try (LocalDatabase database = LocalDatabase.start(data)) {
            assertThat(number(database.as(LocalDatabase.OWNER), "SELECT count(*) FROM kept"))
                    .isGreaterThanOrEqualTo(committed);
            isDurableAndClosed(database);
            isHeldByOne(database);
        }
    }

    private static void isDurableAndClosed(LocalDatabase database) throws SQLException {
        assertThat(text(database.asSuperuser(), "SHOW fsync")).isEqualTo("on");
        assertThat(text(database.asSuperuser(), "SHOW synchronous_commit")).isEqualTo("on");
        for (String role : new String[] {"postgres", LocalDatabase.OWNER, LocalDatabase.APP}) {
            assertThatThrownBy(() -> DriverManager.getConnection(database.url(), role, "guess"))
                    .as(role)
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("password authentication failed");
        }
    }

    private void isHeldByOne(LocalDatabase database) throws Exception {
        assertThatThrownBy(() -> LocalDatabase.start(data)).hasMessageContaining("in use by another Medley");
        try (LocalDatabase attached = LocalDatabase.attach(data)) {
            assertThat(attached.url()).isEqualTo(database.url());
        }
        assertThat(text(database.as(LocalDatabase.APP), "SELECT 'still there'")).isEqualTo("still there");
    }

    @Test
    void aCommandBesideAPlatformThatIsNotThereMakesNone() {
        Path nowhere = data.resolve("mistyped");
        assertThatThrownBy(() -> CommandDatabase.use(nowhere, database -> 0))
                .hasMessageContaining("there is no platform's data in " + nowhere);
        assertThat(nowhere).doesNotExist();
    }

    @Test
    void secretsAreMadeOnceAndForTheirOwnerOnly() throws Exception {
        Secrets secrets = new Secrets(data.resolve("secrets"));
        String secret = secrets.get("one", 24);
        assertThat(secret).hasSize(32).isEqualTo(secrets.get("one", 24)).isNotEqualTo(secrets.get("two", 24));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve("secrets/one"))))
                .isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve("secrets"))))
                .isEqualTo("rwx------");
    }

    private Process writer() throws Exception {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        Writer.class.getName(),
                        data.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static long number(DataSource source, String query) throws SQLException {
        return Long.parseLong(text(source, query));
    }

    private static String text(DataSource source, String query) throws SQLException {
        try (Connection connection = source.getConnection();
                Statement sql = connection.createStatement();
                ResultSet rows = sql.executeQuery(query)) {
            rows.next();
            return rows.getString(1);
        }
    }
}
