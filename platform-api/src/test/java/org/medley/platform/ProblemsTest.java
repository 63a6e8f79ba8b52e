package org.medley.platform;

import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.not;

import io.restassured.http.ContentType;
import io.restassured.response.Response;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Errors are for programs and people to read, and tell nothing of the inside. */
@PlatformTest
class ProblemsTest {
    private static void isProblem(Response answer, int status, String code) {
        answer.then()
                .statusCode(status)
                .contentType("application/problem+json")
                .body("status", equalTo(status))
                .body("code", equalTo(code))
                .body(not(containsString("Exception")))
                .body(not(containsString("org.medley")));
    }

    @Test
    void everyKindOfErrorIsAProblemDocument() {
        isProblem(As.nobody().get("/api/nothing-here"), 404, "NOT_FOUND");
        isProblem(As.nobody().get("/api/users"), 401, "UNAUTHENTICATED");
        isProblem(As.role(Roles.AUDITOR).get("/api/users"), 403, "FORBIDDEN");
        isProblem(As.role(Roles.ADMIN).put("/api/users"), 405, "METHOD_NOT_ALLOWED");
        isProblem(
                As.role(Roles.ADMIN).contentType(ContentType.XML).body("<x/>").post("/api/users"),
                415,
                "UNSUPPORTED_MEDIA_TYPE");
        isProblem(As.role(Roles.ADMIN).patch("/api/users/not-an-id"), 404, "NOT_FOUND");
        isProblem(As.role(Roles.AUDITOR).queryParam("limit", 0).get("/api/audit"), 400, "INVALID");
    }

    /** Clients of the models' API read errors in the shape of OpenAI's, or Anthropic's for its own address. */
    @Test
    void theModelsApiRefusesInItsOwnShape() {
        As.nobody()
                .contentType(ContentType.JSON)
                .header("Sec-Fetch-Site", "same-origin")
                .body("{}")
                .post("/v1/chat/completions")
                .then()
                .statusCode(401)
                .contentType(ContentType.JSON)
                .body("error.code", equalTo("invalid_api_key"))
                .body("error.type", equalTo("invalid_request_error"));
        As.role(Roles.AUDITOR)
                .contentType(ContentType.JSON)
                .body("{}")
                .post("/v1/messages")
                .then()
                .statusCode(403)
                .body("type", equalTo("error"))
                .body("error.type", equalTo("permission_error"));
        As.role(Roles.CLINICIAN)
                .contentType(ContentType.XML)
                .body("<x/>")
                .post("/v1/completions")
                .then()
                .statusCode(415)
                .body("error.type", equalTo("invalid_request_error"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1/embeddings", "/v1/rerank", "/v1/chat/completions", "/v1/messages"})
    void aKeyThatIsNoneIsToldSoByEveryPartOfTheModelsApi(String path) {
        As.nobody()
                .header("Authorization", "Bearer mdl_none")
                .contentType(ContentType.JSON)
                .body("{}")
                .post(path)
                .then()
                .statusCode(401)
                .body("error.message", containsString("API key"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"name": "x", | body
            [] | body
            {"name": "x", "name": "y"} | body
            {"name": "x", "scopes": ["auditor"], "expires": "tomorrow"} | expires
            {"name": "x", "scopes": "auditor", "expires": "2099-01-01T00:00:00Z"} | scopes
            """)
    void unreadableJsonIsRefusedWithItsPlace(String body, String place) {
        Response answer =
                As.role(Roles.ADMIN).contentType(ContentType.JSON).body(body).post("/api/keys");
        isProblem(answer, 400, "BAD_JSON");
        answer.then().body("detail", containsString(place)).body("detail", containsString("line 1"));
    }

    @Test
    void everyAnswerTellsBrowsersToKeepToThemselves() {
        As.nobody()
                .get("/api/session")
                .then()
                .header("Content-Security-Policy", containsString("script-src 'self'; "))
                .header("X-Content-Type-Options", "nosniff")
                .header("X-Frame-Options", "DENY")
                .header("Referrer-Policy", "no-referrer")
                .header("Cache-Control", "no-store");
    }

    /** Without a model in production no case can be answered, and with one it can. */
    @Test
    void readyIsWhoHasAModelInProduction() {
        Object production =
                As.role(Roles.ADMIN).get("/api/models/aliases/production").path("model");
        As.nobody().get("/q/health/ready").then().statusCode(production == null ? 503 : 200);
    }

    @Test
    void operationsAnswer() {
        As.nobody().get("/q/health/live").then().statusCode(200);
        As.nobody().get("/q/health/started").then().statusCode(200);
        for (String path : List.of("/q/metrics", "/metrics")) {
            As.nobody().get(path).then().statusCode(401);
            As.role(Roles.CLINICIAN).get(path).then().statusCode(403);
            As.role(Roles.ADMIN).get(path).then().statusCode(200).body(containsString("http_server_requests"));
        }
    }
}
