package org.medley.platform.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.SortedMap;
import java.util.TreeMap;
import javax.sql.DataSource;

/**
 * What a walk over the whole chain found.
 *
 * @param firstBroken the first event that is not as it was written; absent if all are
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Verification(boolean valid, long events, String headHash, Broken firstBroken) {
    private static final int FETCH = 1000;

    public record Broken(long sequence, String reason) {}

    /**
     * Walks the chain from its first row, holding one row at a time.
     *
     * @param anchors heads noted outside the database, by sequence: what shows that a whole chain was rewritten, or cut
     *     short at its end
     */
    public static Verification of(DataSource database, SortedMap<Long, String> anchors) throws SQLException {
        try (Connection connection = database.getConnection();
                Statement select = connection.createStatement()) {
            connection.setAutoCommit(false);
            connection.setReadOnly(true);
            select.setFetchSize(FETCH);
            try (ResultSet rows =
                    select.executeQuery("SELECT " + AuditEvent.COLUMNS + " FROM audit_event ORDER BY sequence")) {
                return walk(rows, new TreeMap<>(anchors));
            } finally {
                connection.rollback();
                connection.setReadOnly(false);
                connection.setAutoCommit(true);
            }
        }
    }

    private static Verification walk(ResultSet rows, SortedMap<Long, String> anchors) throws SQLException {
        long events = 0;
        String head = AuditEvent.GENESIS;
        Broken broken = null;
        while (rows.next()) {
            AuditEvent event = AuditEvent.read(rows);
            String anchor = anchors.remove(event.sequence());
            if (broken == null) {
                broken = check(event, events + 1, head, anchor);
            }
            events++;
            head = event.hash();
        }
        if (broken == null && !anchors.isEmpty()) {
            broken = new Broken(
                    events + 1,
                    "event " + anchors.lastKey() + " was noted outside the database and is gone: the end is cut off");
        }
        return new Verification(broken == null, events, head, broken);
    }

    private static Broken check(AuditEvent event, long expected, String head, String anchor) {
        if (event.sequence() != expected) {
            return new Broken(expected, "is missing; the next event there is has number " + event.sequence());
        }
        if (!event.previousHash().equals(head)) {
            return new Broken(expected, "does not follow the event before it");
        }
        if (!event.hash().equals(event.expectedHash())) {
            return new Broken(expected, "was changed after it was written");
        }
        if (anchor != null && !anchor.equals(event.hash())) {
            return new Broken(expected, "is not the event that was noted outside the database");
        }
        return null;
    }
}
