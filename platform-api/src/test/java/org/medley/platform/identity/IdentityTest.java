package org.medley.platform.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.nullValue;
import static org.hamcrest.Matchers.startsWith;

import io.restassured.http.ContentType;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.medley.platform.As;
import org.medley.platform.PlatformTest;
import org.medley.platform.Roles;

@PlatformTest
class IdentityTest {
    private static final String PASSWORD = "a sentence to remember";

    private record Person(String id, String username) {}

    private static RequestSpecification admin() {
        return As.role(Roles.ADMIN).contentType(ContentType.JSON);
    }

    private static Person person(String... roles) {
        String username = "p" + UUID.randomUUID();
        String id = admin().body(
                        Map.of("username", username, "displayName", "A Person", "roles", roles, "password", PASSWORD))
                .post("/api/users")
                .then()
                .statusCode(201)
                .body("username", equalTo(username))
                .body("password", nullValue())
                .extract()
                .path("id");
        return new Person(id, username);
    }

    private static Response login(String username, String password) {
        return As.nobody()
                .contentType(ContentType.URLENC)
                .formParam("j_username", username)
                .formParam("j_password", password)
                .post("/api/session/login");
    }

    @Test
    void aLoginThatIsNoFormIsToldSo() {
        As.nobody()
                .contentType(ContentType.JSON)
                .body("{\"username\":\"admin\"}")
                .post("/api/session/login")
                .then()
                .statusCode(415)
                .body("code", equalTo("NOT_A_FORM"));
    }

    private static RequestSpecification browser(String session) {
        return As.nobody().cookie("medley_session", session);
    }

    private static void change(Person person, Map<String, ?> change) {
        admin().body(change).patch("/api/users/" + person.id).then().statusCode(200);
    }

    @Test
    void aDemonstrationUserLogsInAndIsWhoTheyAre() {
        As.user("clinician")
                .get("/api/session")
                .then()
                .statusCode(200)
                .body("username", equalTo("clinician"))
                .body("tenant.name", equalTo("demo"))
                .body("roles", contains("clinician"));
    }

    @Test
    void theCookieIsForThisSiteAndForNoScript() {
        login(person(Roles.RESEARCHER).username, PASSWORD)
                .then()
                .statusCode(200)
                .header("Set-Cookie", containsString("SameSite=Strict"))
                .header("Set-Cookie", containsString("HTTPOnly"));
    }

    @Test
    void logoutEndsTheSessionEvenForACopyOfTheCookie() {
        String session = As.session(person(Roles.RESEARCHER).username, PASSWORD);
        browser(session).get("/api/session").then().statusCode(200);
        browser(session).delete("/api/session").then().statusCode(204);
        browser(session).get("/api/session").then().statusCode(401);
    }

    @Test
    void disablingEndsSessionsAndLogins() {
        Person person = person(Roles.RESEARCHER);
        String session = As.session(person.username, PASSWORD);
        change(person, Map.of("disabled", true));
        browser(session).get("/api/session").then().statusCode(401);
        login(person.username, PASSWORD).then().statusCode(401);
        change(person, Map.of("disabled", false));
        browser(session).get("/api/session").then().statusCode(401);
        login(person.username, PASSWORD).then().statusCode(200);
    }

    @Test
    void aNewPasswordEndsSessionsAndReplacesTheOldOne() {
        Person person = person(Roles.RESEARCHER);
        String session = As.session(person.username, PASSWORD);
        change(person, Map.of("password", "another long sentence"));
        browser(session).get("/api/session").then().statusCode(401);
        login(person.username, PASSWORD).then().statusCode(401);
        login(person.username, "another long sentence").then().statusCode(200);
    }

    @Test
    void repeatedFailuresLockTheAccountAndANewPasswordUnlocksIt() {
        Person person = person(Roles.RESEARCHER);
        for (int i = 0; i < 5; i++) {
            login(person.username, "wrong").then().statusCode(401);
        }
        String locked = login(person.username, PASSWORD)
                .then()
                .statusCode(401)
                .extract()
                .asString();
        String unknown =
                login("nobody-here", PASSWORD).then().statusCode(401).extract().asString();
        assertThat(locked).as("a lock is not to be told from an unknown name").isEqualTo(unknown);
        change(person, Map.of("password", PASSWORD));
        login(person.username, PASSWORD).then().statusCode(200);
    }

    @Test
    void loginsAreInTheAuditTrailAndPasswordsAreNot() {
        Person person = person(Roles.RESEARCHER);
        login(person.username, "mistyped-secret").then().statusCode(401);
        login("mistyped-secret", "x").then().statusCode(401);
        As.role(Roles.AUDITOR)
                .queryParam("actor", person.username)
                .get("/api/audit")
                .then()
                .body("events.action", hasItem("identity.login"))
                .body("events[0].outcome", equalTo("failure"))
                .body("events[0].detail.reason", equalTo("wrong password"));
        As.role(Roles.AUDITOR).get("/api/audit").then().body(not(containsString("mistyped-secret")));
    }

    @ParameterizedTest
    @CsvSource({
        "cross-site, http://evil.example, 403",
        "same-site, http://evil.example, 403",
        ", http://evil.example, 403",
        ", null, 403",
        ", , 403",
        "same-origin, , 401"
    })
    void changesComeFromThisSiteOnly(String site, String origin, int status) {
        RequestSpecification request =
                io.restassured.RestAssured.given().contentType(ContentType.JSON).body("{}");
        if (site != null) {
            request.header("Sec-Fetch-Site", site);
        }
        if (origin != null) {
            request.header("Origin", origin);
        }
        request.cookie("medley_session", "none").post("/api/users").then().statusCode(status);
    }

    @Test
    void aKeyActsInItsScopesUntilItIsRemoved() {
        Response made = admin().body(Map.of(
                        "name",
                        "pacs-" + UUID.randomUUID(),
                        "scopes",
                        new String[] {Roles.AUDITOR},
                        "expires",
                        "2099-01-01T00:00:00Z"))
                .post("/api/keys");
        made.then().statusCode(201).body("key", startsWith("mdl_"));
        String key = made.path("key");
        RequestSpecification system = io.restassured.RestAssured.given().header("Authorization", "Bearer " + key);
        system.get("/api/audit").then().statusCode(200);
        system.get("/api/users").then().statusCode(403);
        admin().get("/api/keys").then().statusCode(200).body("key", org.hamcrest.Matchers.everyItem(nullValue()));
        admin().delete("/api/keys/" + made.path("id")).then().statusCode(204);
        system.get("/api/audit").then().statusCode(401);
    }

    @Test
    void aWrongKeyIsRefusedEvenNextToAGoodCookie() {
        As.user("admin")
                .header("Authorization", "Bearer mdl_wrong")
                .get("/api/session")
                .then()
                .statusCode(401)
                .contentType("application/problem+json")
                .body("code", equalTo("UNAUTHENTICATED"));
    }

    @Test
    void administratorsSeeNoPatients() {
        admin().body(Map.of(
                        "username",
                        "both" + UUID.randomUUID(),
                        "displayName",
                        "Both",
                        "roles",
                        new String[] {Roles.ADMIN, Roles.CLINICIAN},
                        "password",
                        PASSWORD))
                .post("/api/users")
                .then()
                .statusCode(400)
                .body("errors[0].field", equalTo("roles"))
                .body("detail", containsString("administrators see no patients"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"username": "x1", "displayName": "X", "roles": ["king"], "password": "long enough it is"} | roles | 'king' is no role
            {"username": "X 1", "displayName": "X", "roles": ["admin"], "password": "long enough it is"} | username | 2 to 63
            {"username": "x1", "displayName": "X", "roles": ["admin"], "password": "short"} | password | 12 or more
            {"username": "x1", "displayName": "X", "roles": [], "password": "long enough it is"} | roles | empty
            {"username": "x1", "displayName": "X", "roles": ["admin"], "password": "long enough it is", "age": 3} | age | not known
            {"username": 7, "displayName": "X", "roles": ["admin"], "password": "long enough it is"} | username | not a String
            """)
    void badInputIsRefusedByField(String body, String field, String says) {
        admin().body(body)
                .post("/api/users")
                .then()
                .statusCode(400)
                .contentType("application/problem+json")
                .body("errors[0].field", equalTo(field))
                .body("detail", containsString(says));
    }
}
