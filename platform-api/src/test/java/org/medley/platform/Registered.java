package org.medley.platform;

import io.restassured.http.ContentType;
import io.restassured.response.Response;
import java.util.HashMap;
import java.util.Map;

/** Datasets that tests write into a folder, made known to the platform. */
public final class Registered {
    private Registered() {}

    /** What is said of data that was made up. */
    public static Map<String, Object> madeUp(String name) {
        return new HashMap<>(Map.of(
                "name",
                name,
                "licence",
                "CC0-1.0",
                "consentBasis",
                "none_needed_synthetic",
                "phiClass",
                "none",
                "deIdentified",
                true,
                "clinical",
                false));
    }

    public static Response send(String tenant, Map<String, Object> facts) {
        return As.in(tenant, Roles.ADMIN)
                .contentType(ContentType.JSON)
                .body(facts)
                .post("/api/training/datasets");
    }

    /** The newest version is what lies in the folder now. */
    public static void dataset(String tenant, String name) {
        Response answer = send(tenant, madeUp(name));
        if (answer.statusCode() != 409) {
            answer.then().statusCode(201);
        }
    }
}
