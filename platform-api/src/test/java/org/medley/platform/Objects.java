package org.medley.platform;

import io.restassured.http.ContentType;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Map;
import java.util.UUID;
import org.medley.platform.database.LocalDatabase;

/** Things that belong to tenant "demo", for the column {@code object} of authorization.csv; a feature adds its own. */
enum Objects {
    user {
        @Override
        Map<String, String> make() {
            String name = "u" + UUID.randomUUID();
            return created(Roles.ADMIN, "/api/users", """
                    {"username": "%s", "displayName": "x", "roles": ["researcher"], "password": "long enough it is"}""".formatted(name));
        }
    },
    key {
        @Override
        Map<String, String> make() {
            return created(Roles.ADMIN, "/api/keys", """
                    {"name": "%s", "scopes": ["researcher"], "expires": "2099-01-01T00:00:00Z"}""".formatted(UUID.randomUUID()));
        }
    },
    model {
        @Override
        Map<String, String> make() {
            return inserted(
                    "INSERT INTO model_version (id, tenant_id, name, version, sha256, kind, bytes, parameters, description,"
                            + " curve, metrics, created_at) SELECT ?, id, 'ancestor-' || gen_random_uuid(), 1,"
                            + " encode(sha256(gen_random_uuid()::text::bytea), 'hex'), 'train', 0, 0, '', '[]', '{}', now()"
                            + " FROM identity_tenant WHERE name = 'demo'");
        }
    },
    job {
        /** A job that has ended, or its stream of events would not. */
        @Override
        Map<String, String> make() {
            return inserted(
                    "INSERT INTO training_job (id, tenant_id, name, kind, recipe, created_by, state, finished_at)"
                            + " SELECT ?, id, 'ended', 'train', '', 'test', 'FAILED', now()"
                            + " FROM identity_tenant WHERE name = 'demo'");
        }
    },
    patientCase {
        @Override
        Map<String, String> make() {
            String finding =
                    As.role(Roles.CLINICIAN).get("/api/clinical/vocabulary").path("findings[0].id");
            return created(Roles.CLINICIAN, "/api/clinical/cases", """
                    {"age": 60, "sex": "female", "complaint": "unwell", "present": ["%s"], "absent": [], "risks": [],
                     "vitals": {}, "medicines": [], "allergies": []}""".formatted(finding));
        }
    };

    /** Bodies with which a request gets past validation, where {@code {}} does not. */
    private static final Map<String, String> BODIES = Map.of();

    /** Makes one and tells the path parameters that lead to it. */
    abstract Map<String, String> make();

    static Objects of(String name) {
        return valueOf(name);
    }

    static String body(String endpoint) {
        return BODIES.getOrDefault(endpoint, "{}");
    }

    private static Map<String, String> inserted(String sql) {
        UUID id = UUID.randomUUID();
        try (Connection connection = Platform.database().as(LocalDatabase.OWNER).getConnection();
                PreparedStatement insert = connection.prepareStatement(sql)) {
            insert.setObject(1, id);
            insert.executeUpdate();
            return Map.of("id", id.toString());
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Map<String, String> created(String role, String collection, String body) {
        String id = As.role(role)
                .contentType(ContentType.JSON)
                .body(body)
                .post(collection)
                .then()
                .statusCode(201)
                .extract()
                .path("id");
        return Map.of("id", id);
    }
}
