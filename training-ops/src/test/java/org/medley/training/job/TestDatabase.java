package org.medley.training.job;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/** A PostgreSQL with the queue's tables, as the platform's migration makes them, and thrown away afterwards. */
record TestDatabase(EmbeddedPostgres server) implements AutoCloseable {
    static TestDatabase start() throws IOException, SQLException {
        TestDatabase database = new TestDatabase(EmbeddedPostgres.start());
        database.execute("CREATE ROLE medley_app");
        for (String name : new String[] {"V4__training.sql", "V11__training_jobs.sql"}) {
            try (InputStream migration = TestDatabase.class.getResourceAsStream("/db/migration/" + name)) {
                database.execute(new String(migration.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        return database;
    }

    String url() {
        return server.getJdbcUrl("postgres", "postgres");
    }

    JobHistory history() {
        return new JobHistory(dataSource());
    }

    DataSource dataSource() {
        return dataSource(url());
    }

    static DataSource dataSource(String url) {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setURL(url);
        return source;
    }

    void execute(String sql) throws SQLException {
        try (Connection connection = dataSource().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    long number(String sql) throws SQLException {
        try (Connection connection = dataSource().getConnection();
                Statement statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
