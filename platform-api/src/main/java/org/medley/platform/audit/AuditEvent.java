package org.medley.platform.audit;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * One row of the trail.
 *
 * @param detail JSON text, exactly as it was hashed
 * @param hash SHA-256 over the previous row's hash and this row as canonical JSON
 */
record AuditEvent(
        long sequence,
        Instant at,
        @JsonIgnore UUID tenantId,
        String actor,
        List<String> roles,
        String action,
        String subject,
        String outcome,
        @JsonRawValue @Schema(type = SchemaType.OBJECT) String detail,
        String previousHash,
        String hash) {

    static final String COLUMNS =
            "sequence, at, tenant_id, actor, roles, action, subject, outcome, detail, previous_hash, hash";
    static final String GENESIS = "0".repeat(64);

    private static final ObjectMapper JSON = new ObjectMapper();

    static AuditEvent read(ResultSet row) throws SQLException {
        return new AuditEvent(
                row.getLong("sequence"),
                row.getObject("at", OffsetDateTime.class).toInstant(),
                row.getObject("tenant_id", UUID.class),
                row.getString("actor"),
                List.of((String[]) row.getArray("roles").getArray()),
                row.getString("action"),
                row.getString("subject"),
                row.getString("outcome"),
                row.getString("detail"),
                row.getString("previous_hash"),
                row.getString("hash"));
    }

    AuditEvent chained() {
        return new AuditEvent(
                sequence, at, tenantId, actor, roles, action, subject, outcome, detail, previousHash, expectedHash());
    }

    /** The hash this row must have, from everything else in it. */
    String expectedHash() {
        Map<String, Object> canonical = new TreeMap<>();
        canonical.put("sequence", sequence);
        canonical.put("at", at.toString());
        canonical.put("tenant", tenantId == null ? null : tenantId.toString());
        canonical.put("actor", actor);
        canonical.put("roles", roles);
        canonical.put("action", action);
        canonical.put("subject", subject);
        canonical.put("outcome", outcome);
        canonical.put("detail", detail);
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(previousHash.getBytes(StandardCharsets.US_ASCII));
            return HexFormat.of().formatHex(digest.digest(JSON.writeValueAsBytes(canonical)));
        } catch (NoSuchAlgorithmException | JsonProcessingException e) {
            throw new IllegalStateException("an audit event cannot be hashed", e);
        }
    }
}
