package org.medley.platform.database;

import java.nio.file.Path;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/** The platform's database for commands beside it: the one of the environment, or the embedded one, running or not. */
public final class CommandDatabase {
    private CommandDatabase() {}

    /** What a command does with the database, as the role of the application. */
    public interface Work {
        int on(DataSource database) throws Exception;
    }

    /** @param data the platform's data folder, used unless MEDLEY_DATABASE_URL names a database */
    public static int use(Path data, Work work) throws Exception {
        String url = System.getenv("MEDLEY_DATABASE_URL");
        if (url == null || url.isBlank()) {
            if (!LocalDatabase.isIn(data)) {
                throw new IllegalStateException("there is no platform's data in " + data
                        + "; look at --data, or start it once: medley run --data " + data);
            }
            try (LocalDatabase database = LocalDatabase.attach(data)) {
                return work.on(database.as(LocalDatabase.APP));
            }
        }
        PGSimpleDataSource database = new PGSimpleDataSource();
        database.setURL(url);
        database.setUser(System.getenv().getOrDefault("MEDLEY_DATABASE_USERNAME", LocalDatabase.APP));
        database.setPassword(System.getenv("MEDLEY_DATABASE_PASSWORD"));
        return work.on(database);
    }
}
