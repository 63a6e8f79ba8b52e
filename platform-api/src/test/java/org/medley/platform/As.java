package org.medley.platform;

import static io.restassured.RestAssured.given;

import io.restassured.http.ContentType;
import io.restassured.specification.RequestSpecification;
import java.nio.file.Files;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.medley.platform.identity.TestKeys;

/** Requests as somebody: by an API key of the role, as systems send them, or by a login, as browsers do. */
public final class As {
    private static final Map<String, String> KEYS = new ConcurrentHashMap<>();

    private As() {}

    public static RequestSpecification nobody() {
        return given().header("Sec-Fetch-Site", "same-origin");
    }

    /** A key of tenant "demo" with one role. */
    public static RequestSpecification role(String role) {
        return in("demo", role);
    }

    /** A key of any tenant, which is made if it does not exist. */
    public static RequestSpecification in(String tenant, String role) {
        String key = KEYS.computeIfAbsent(tenant + "/" + role, any -> TestKeys.issue(tenant, role));
        return given().header("Authorization", "Bearer " + key);
    }

    /** A browser of a demonstration user. */
    public static RequestSpecification user(String username) {
        return given().header("Sec-Fetch-Site", "same-origin")
                .cookie("medley_session", session(username, demoPassword()));
    }

    public static String session(String username, String password) {
        return nobody().contentType(ContentType.URLENC)
                .formParam("j_username", username)
                .formParam("j_password", password)
                .post("/api/session/login")
                .then()
                .statusCode(200)
                .extract()
                .cookie("medley_session");
    }

    public static String demoPassword() {
        try {
            return Files.readString(Platform.data().resolve("secrets").resolve("demo-password"))
                    .strip();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
