package org.medley.platform.audit;

import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.medley.platform.StorageConfig;

/** Notes the head of the chain every minute in which it moved. */
@ApplicationScoped
class AnchorSchedule {
    private final DataSource database;
    private final Anchors anchors;
    private long noted;

    AnchorSchedule(DataSource database, StorageConfig storage) {
        this.database = database;
        this.anchors = Anchors.in(storage.data());
    }

    @Scheduled(every = "60s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void note() throws SQLException {
        try (Connection connection = database.getConnection();
                Statement select = connection.createStatement();
                ResultSet head =
                        select.executeQuery("SELECT sequence, hash FROM audit_event ORDER BY sequence DESC LIMIT 1")) {
            if (head.next() && head.getLong(1) != noted) {
                noted = head.getLong(1);
                anchors.note(noted, head.getString(2));
            }
        }
    }
}
