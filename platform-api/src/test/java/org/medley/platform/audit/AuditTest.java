package org.medley.platform.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.everyItem;
import static org.hamcrest.Matchers.nullValue;

import io.quarkus.narayana.jta.QuarkusTransaction;
import io.restassured.http.ContentType;
import jakarta.inject.Inject;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.medley.platform.As;
import org.medley.platform.Platform;
import org.medley.platform.PlatformTest;
import org.medley.platform.Roles;
import org.medley.platform.database.LocalDatabase;

@PlatformTest
class AuditTest {
    @Inject
    AuditTrail trail;

    @Inject
    DataSource database;

    @TempDir
    Path folder;

    private void record(String action) {
        QuarkusTransaction.requiringNew()
                .run(() -> trail.record(
                        Actor.of(UUID.randomUUID(), "tester", java.util.Set.of("admin")),
                        action,
                        "thing/1",
                        Outcome.success,
                        Map.of("b", 2, "a", "one")));
    }

    private Verification verify() throws SQLException {
        return Verification.of(database, new TreeMap<>());
    }

    @Test
    void theChainOfEverythingThatHappenedSoFarIsWhole() throws Exception {
        record("test.one");
        Verification found = verify();
        assertThat(found.valid()).isTrue();
        assertThat(found.events()).isPositive();
        As.role(Roles.AUDITOR)
                .get("/api/audit/verification")
                .then()
                .statusCode(200)
                .body("valid", equalTo(true))
                .body("firstBroken", nullValue());
    }

    @Test
    void anActionIsFoundByItsBeginning() {
        As.in("beginnings", Roles.ADMIN)
                .contentType(ContentType.JSON)
                .body("{\"name\": \"k\", \"scopes\": [\"auditor\"], \"expires\": \"2099-01-01T00:00:00Z\"}")
                .post("/api/keys")
                .then()
                .statusCode(201);
        As.in("beginnings", Roles.AUDITOR)
                .get("/api/audit?action=identity.key.")
                .then()
                .statusCode(200)
                .body("events.action", equalTo(List.of("identity.key.create")));
        As.in("beginnings", Roles.AUDITOR)
                .get("/api/audit?action=key.create")
                .then()
                .statusCode(200)
                .body("events.size()", equalTo(0));
    }

    @Test
    void manyWritersAtOnceMakeOneChain() throws Exception {
        long before = verify().events();
        List<Thread> writers = new ArrayList<>();
        for (int w = 0; w < 8; w++) {
            writers.add(Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 10; i++) {
                    record("test.concurrent");
                }
            }));
        }
        for (Thread writer : writers) {
            writer.join();
        }
        assertThat(verify()).returns(true, Verification::valid).returns(before + 80, Verification::events);
    }

    @Test
    void anEventIsPartOfTheTransactionItTellsOf() throws Exception {
        long before = verify().events();
        assertThatThrownBy(() -> QuarkusTransaction.requiringNew().run(() -> {
                    trail.record(Actor.system(null), "test.undone", "thing/1", Outcome.success, Map.of());
                    throw new IllegalStateException("the change failed");
                }))
                .hasMessageContaining("the change failed");
        assertThat(verify().events()).isEqualTo(before);
        assertThatThrownBy(() -> trail.record(Actor.system(null), "test.alone", "thing/1", Outcome.success, Map.of()))
                .as("outside of any transaction")
                .isInstanceOf(RuntimeException.class);
    }

    /** Each way to change history, tried on a real chain by the one role that can, is found at its place. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            UPDATE audit_event SET actor = 'somebody' WHERE sequence = %d | changed
            UPDATE audit_event SET at = at + interval '1 microsecond' WHERE sequence = %d | changed
            UPDATE audit_event SET outcome = 'failure' WHERE sequence = %d | changed
            UPDATE audit_event SET roles = '{clinician}' WHERE sequence = %d | changed
            UPDATE audit_event SET tenant_id = NULL WHERE sequence = %d | changed
            UPDATE audit_event SET action = concat(action, '.') WHERE sequence = %d | changed
            UPDATE audit_event SET subject = 'thing/2' WHERE sequence = %d | changed
            UPDATE audit_event SET detail = '{"a":"one","b":3}' WHERE sequence = %d | changed
            UPDATE audit_event SET detail = '{"a":"one", "b":2}' WHERE sequence = %d | changed
            UPDATE audit_event SET hash = repeat('a', 64) WHERE sequence = %d | changed
            UPDATE audit_event SET previous_hash = repeat('a', 64) WHERE sequence = %d | does not follow
            DELETE FROM audit_event WHERE sequence = %d | missing
            """)
    void tamperingAsSuperuserIsFound(String change, String reason) throws Exception {
        record("test.before");
        record("test.victim");
        long victim = verify().events();
        record("test.after");
        try (Connection superuser = Platform.database().asSuperuser().getConnection();
                Statement sql = superuser.createStatement()) {
            superuser.setAutoCommit(false);
            sql.execute("ALTER TABLE audit_event DISABLE TRIGGER ALL");
            sql.execute(change.formatted(victim));
            // The change is verified inside its own transaction and taken back: other tests share the chain.
            Verification found = Verification.of(Uncommitted.of(superuser), new TreeMap<>());
            superuser.rollback();
            assertThat(found.valid()).isFalse();
            assertThat(found.firstBroken().sequence()).isEqualTo(victim);
            assertThat(found.firstBroken().reason()).contains(reason);
        }
        assertThat(verify().valid()).isTrue();
    }

    @Test
    void anEndCutOffIsFoundByTheAnchors() throws Exception {
        record("test.last");
        Verification whole = verify();
        Anchors anchors = new Anchors(folder.resolve("anchors"));
        anchors.note(whole.events(), whole.headHash());
        assertThat(Verification.of(database, anchors.read()).valid()).isTrue();
        anchors.note(whole.events() + 1_000_000, "b".repeat(64));
        assertThat(Verification.of(database, anchors.read()).firstBroken().reason())
                .contains("cut off");
    }

    @Test
    void aChainWrittenAnewIsFoundByTheAnchors() throws Exception {
        record("test.last");
        long last = verify().events();
        assertThat(Verification.of(database, new TreeMap<>(Map.of(last, "c".repeat(64))))
                        .firstBroken())
                .returns(last, Verification.Broken::sequence);
    }

    @ParameterizedTest
    @CsvSource({"medley_app", "medley_owner"})
    void neitherTheApplicationNorTheOwnerChangesEvents(String role) throws Exception {
        record("test.kept");
        try (Connection connection = Platform.database().as(role).getConnection();
                Statement sql = connection.createStatement()) {
            for (String change :
                    List.of("UPDATE audit_event SET actor = 'x'", "DELETE FROM audit_event", "TRUNCATE audit_event")) {
                assertThatThrownBy(() -> sql.execute(change))
                        .isInstanceOf(SQLException.class)
                        .satisfies(e ->
                                assertThat(((SQLException) e).getSQLState()).isEqualTo("42501"));
            }
        }
    }

    @Test
    void theApplicationCannotChangeTables() throws Exception {
        try (Connection connection = Platform.database().as(LocalDatabase.APP).getConnection();
                Statement sql = connection.createStatement()) {
            for (String change : List.of(
                    "CREATE TABLE mine (x int)",
                    "DROP TABLE audit_event",
                    "ALTER TABLE audit_event DISABLE TRIGGER ALL")) {
                assertThatThrownBy(() -> sql.execute(change)).isInstanceOf(SQLException.class);
            }
        }
    }

    @Test
    void pagesGoBackThroughTheTenantsOwnEvents() {
        As.in("elsewhere", Roles.ADMIN)
                .contentType("application/json")
                .body("{\"name\": \"k%d\", \"scopes\": [\"auditor\"], \"expires\": \"2099-01-01T00:00:00Z\"}"
                        .formatted(ThreadLocalRandom.current().nextLong(Long.MAX_VALUE)))
                .post("/api/keys")
                .then()
                .statusCode(201);
        As.in("elsewhere", Roles.AUDITOR)
                .queryParam("action", "identity.key.create")
                .queryParam("limit", 1)
                .get("/api/audit")
                .then()
                .statusCode(200)
                .body("events.size()", equalTo(1))
                .body("events.actor", everyItem(equalTo("key:test-elsewhere-admin")))
                .body("events[0].detail.scopes[0]", equalTo("auditor"));
        As.role(Roles.AUDITOR)
                .queryParam("actor", "key:test-elsewhere-admin")
                .get("/api/audit")
                .then()
                .statusCode(200)
                .body("events.size()", equalTo(0));
    }

    @Test
    void theCommandVerifiesARunningInstance() throws Exception {
        record("test.command");
        VerifyCommand command = new VerifyCommand();
        command.data = Platform.data();
        assertThat(command.call()).isZero();
    }
}
