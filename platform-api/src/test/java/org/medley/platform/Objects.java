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
            return created("/api/users", """
                    {"username": "%s", "displayName": "x", "roles": ["researcher"], "password": "long enough it is"}""".formatted(name));
        }
    },
    key {
        @Override
        Map<String, String> make() {
            return created("/api/keys", """
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
    dataset {
        @Override
        Map<String, String> make() {
            return inserted("INSERT INTO training_dataset (id, tenant_id, name, version, sha256, bytes, files, licence,"
                    + " consent_basis, consent_note, phi_class, de_identified, clinical, description, kept, stamp, created_by,"
                    + " created_at) SELECT ?, id, 'd' || gen_random_uuid(), 1, repeat('0', 64), 1, 1, 'MIT',"
                    + " 'none_needed_synthetic', '', 'none', true, false, '', '.versions/none', '', 'test', now()"
                    + " FROM identity_tenant WHERE name = 'demo'");
        }
    },
    patient {
        @Override
        Map<String, String> make() {
            return inserted("INSERT INTO clinical_case (id, tenant_id, created_by, created_at, title, patient)"
                    + " SELECT ?, id, 'test', now(), 'x', '{\"age\": 50, \"sex\": \"male\", \"complaint\": \"x\","
                    + " \"present\": [], \"absent\": [], \"risks\": [], \"vitals\": {}, \"medicines\": [],"
                    + " \"allergies\": []}' FROM identity_tenant WHERE name = 'demo'");
        }
    },
    assessment {
        @Override
        Map<String, String> make() {
            String caseId = patient.make().get("id");
            String modelId = model.make().get("id");
            return inserted(
                    "INSERT INTO clinical_assessment (id, tenant_id, case_id, created_by, created_at, model_id, content)"
                            + " SELECT ?, id, '" + caseId + "', 'test', now(), '" + modelId
                            + "', '{\"model\": {\"id\": \"" + modelId
                            + "\", \"name\": \"x\", \"version\": 1, \"sha256\": \"x\"}, \"differential\": [], \"unexplained\": 0.0, \"passages\": [],"
                            + " \"findings\": {\"present\": [], \"absent\": [], \"conditions\": []}, \"prompt\": \"x\"}'"
                            + " FROM identity_tenant WHERE name = 'demo'");
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

    private static Map<String, String> created(String collection, String body) {
        String id = As.role(Roles.ADMIN)
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
