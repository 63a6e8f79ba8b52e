package org.medley.platform;

import io.restassured.http.ContentType;
import java.util.Map;
import java.util.UUID;

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
