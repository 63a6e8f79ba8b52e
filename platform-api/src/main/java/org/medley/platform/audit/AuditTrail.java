package org.medley.platform.audit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * The trail of what was done, by whom, to what. An event is written in the transaction of the change it tells of:
 * neither exists without the other. Writers queue on one lock until their transaction ends, so record last.
 */
@ApplicationScoped
public class AuditTrail {
    private static final long CHAIN_LOCK = 0x4d45444c4559L;
    private static final int MAX_TEXT = 200;
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
            .build();

    private final DataSource database;
    private final Actor caller;

    AuditTrail(DataSource database, Actor caller) {
        this.database = database;
        this.caller = caller;
    }

    /** Records what the caller of this request did. */
    @Transactional(Transactional.TxType.MANDATORY)
    public void record(String action, String subject, Outcome outcome, Map<String, ?> detail) {
        record(caller, action, subject, outcome, detail);
    }

    /**
     * @param action what was done, as {@code feature.verb}
     * @param subject what it was done to, as {@code kind/id}
     * @param detail numbers, truth values and short names; never what patients or clinicians wrote
     */
    @Transactional(Transactional.TxType.MANDATORY)
    public void record(Actor actor, String action, String subject, Outcome outcome, Map<String, ?> detail) {
        detail.forEach(AuditTrail::checkShort);
        try (Connection connection = database.getConnection();
                Statement sql = connection.createStatement()) {
            sql.execute("SELECT pg_advisory_xact_lock(" + CHAIN_LOCK + ")");
            long sequence = 0;
            String head = AuditEvent.GENESIS;
            try (ResultSet last =
                    sql.executeQuery("SELECT sequence, hash FROM audit_event ORDER BY sequence DESC LIMIT 1")) {
                if (last.next()) {
                    sequence = last.getLong(1);
                    head = last.getString(2);
                }
            }
            insert(
                    connection,
                    new AuditEvent(
                                    sequence + 1,
                                    Instant.now().truncatedTo(ChronoUnit.MICROS),
                                    actor.tenantId(),
                                    actor.name(),
                                    actor.roles().stream().sorted().toList(),
                                    action,
                                    subject,
                                    outcome.name(),
                                    JSON.writeValueAsString(detail),
                                    head,
                                    null)
                            .chained());
        } catch (SQLException | JsonProcessingException e) {
            throw new IllegalStateException("the audit trail cannot be written, so nothing is done", e);
        }
    }

    private static void checkShort(String key, Object value) {
        if (value instanceof String text && text.length() > MAX_TEXT) {
            throw new IllegalArgumentException("audit detail '" + key + "' has " + text.length()
                    + " characters; the trail holds names, at most " + MAX_TEXT);
        }
    }

    private static void insert(Connection connection, AuditEvent event) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO audit_event (" + AuditEvent.COLUMNS
                + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?::json, ?, ?)")) {
            insert.setLong(1, event.sequence());
            insert.setObject(2, event.at().atOffset(ZoneOffset.UTC));
            insert.setObject(3, event.tenantId());
            insert.setString(4, event.actor());
            insert.setArray(5, connection.createArrayOf("text", event.roles().toArray()));
            insert.setString(6, event.action());
            insert.setString(7, event.subject());
            insert.setString(8, event.outcome());
            insert.setString(9, event.detail());
            insert.setString(10, event.previousHash());
            insert.setString(11, event.hash());
            insert.executeUpdate();
        }
    }

    /** A tenant's events, newest first; null matches every action or actor. An action is asked for by its beginning. */
    List<AuditEvent> page(UUID tenant, long before, int limit, String action, String actor) {
        try (Connection connection = database.getConnection();
                PreparedStatement select = connection.prepareStatement("SELECT " + AuditEvent.COLUMNS
                        + " FROM audit_event WHERE tenant_id = ? AND sequence < ? AND (?::text IS NULL OR starts_with(action, ?))"
                        + " AND (?::text IS NULL OR actor = ?) ORDER BY sequence DESC LIMIT ?")) {
            select.setObject(1, tenant);
            select.setLong(2, before);
            select.setString(3, action);
            select.setString(4, action);
            select.setString(5, actor);
            select.setString(6, actor);
            select.setInt(7, limit);
            List<AuditEvent> events = new ArrayList<>();
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    events.add(AuditEvent.read(rows));
                }
            }
            return events;
        } catch (SQLException e) {
            throw new IllegalStateException("the audit trail cannot be read", e);
        }
    }
}
