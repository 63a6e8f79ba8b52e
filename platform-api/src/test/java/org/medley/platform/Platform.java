package org.medley.platform;

import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.medley.platform.database.LocalDatabase;

/** The database and the data folder of the one application that all tests share. */
public final class Platform implements QuarkusTestResourceLifecycleManager {
    private static LocalDatabase database;
    private static Path data;

    /** For tests that look behind the application. */
    public static LocalDatabase database() {
        return database;
    }

    public static Path data() {
        return data;
    }

    @Override
    public Map<String, String> start() {
        try {
            data = Files.createTempDirectory("medley-test");
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        database = LocalDatabase.start(data);
        Map<String, String> settings = new HashMap<>(database.settings());
        settings.put("medley.storage.data", data.toString());
        settings.put("medley.identity.bcrypt-cost", "4");
        settings.put("quarkus.http.auth.session.encryption-key", "only-for-these-tests-0123456789");
        return settings;
    }

    @Override
    public void stop() {
        try {
            database.close();
            try (Stream<Path> files = Files.walk(data)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
