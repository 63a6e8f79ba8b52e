package org.medley.platform.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.everyItem;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.hasKey;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.lessThanOrEqualTo;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.notNullValue;

import io.restassured.http.ContentType;
import io.restassured.path.json.JsonPath;
import io.restassured.response.Response;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.medley.platform.As;
import org.medley.platform.Platform;
import org.medley.platform.PlatformTest;
import org.medley.platform.Registered;
import org.medley.platform.Roles;

/** Pausing, going on, watching and comparing real runs. */
@PlatformTest
class JobControlTest {
    private static final String TENANT = "control";
    private static final String RECIPE = """
            kind: train
            name: %s
            stage: pretrain
            model:
              scratch: {hidden: 16, layers: 1, heads: 2, kvHeads: 1, headSize: 8, intermediate: 32, context: 64}
              vocabulary: 320
            data:
              - {dataset: beds, format: text}
            evaluation:
              data: [{dataset: beds, format: text}]
              every: 50
              examples: 4
            sequence: 32
            microTokens: 64
            batchTokens: 64
            steps: %d
            """;

    @BeforeEach
    void data() throws Exception {
        String tenant = As.in(TENANT, Roles.ADMIN).get("/api/session").path("tenant.id");
        Path folder = Files.createDirectories(
                Platform.data().resolve("tenants").resolve(tenant).resolve("datasets"));
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 60; i++) {
            lines.append("{\"text\": \"Ward ")
                    .append(i)
                    .append(" has ")
                    .append(i % 7)
                    .append(" free beds.\"}\n");
        }
        Files.writeString(folder.resolve("beds.jsonl"), lines.toString());
        Registered.dataset(TENANT, "beds");
    }

    private static String started(String name, int steps) {
        return As.in(TENANT, Roles.ADMIN)
                .contentType(ContentType.JSON)
                .body(Map.of("recipe", RECIPE.formatted(name, steps)))
                .post("/api/training/jobs")
                .then()
                .statusCode(201)
                .body("stage", equalTo("pretrain"))
                .extract()
                .path("id");
    }

    private static Response get(String path) {
        return As.in(TENANT, Roles.ADMIN).get("/api/training" + path);
    }

    private static Response ask(String job, String what) {
        return As.in(TENANT, Roles.ADMIN).contentType(ContentType.JSON).post("/api/training/jobs/" + job + "/" + what);
    }

    private interface Check {
        boolean holds(JsonPath job);
    }

    private static JsonPath await(String job, String what, Check check) throws InterruptedException {
        long until = System.nanoTime() + Duration.ofSeconds(90).toNanos();
        while (true) {
            JsonPath now = get("/jobs/" + job).jsonPath();
            if (check.holds(now)) {
                return now;
            }
            assertThat(now.getString("error")).as("job " + job).isNull();
            assertThat(System.nanoTime())
                    .as("%s; job is %s", what, now.prettify())
                    .isLessThan(until);
            Thread.sleep(30);
        }
    }

    private static JsonPath awaitState(String job, String state) throws InterruptedException {
        return await(job, state, now -> now.getString("state").equals(state));
    }

    @Test
    void aRunThatWasPausedAndResumedEndsAsIfItHadNotBeen() throws Exception {
        int steps = 600;
        String straight = started("control-straight", steps);
        await(straight, "done", now -> now.getString("modelId") != null);
        String job = started("control-paused", steps);
        await(job, "a while on", now -> now.getInt("step") > 20);
        ask(job, "pause").then().statusCode(202);
        JsonPath paused = awaitState(job, "PAUSED");
        assertThat(paused.getInt("step")).isLessThan(steps);
        assertThat(paused.getFloat("secondsPerStep")).isPositive();
        assertThat(paused.getFloat("secondsLeft")).isPositive();
        ask(job, "pause").then().statusCode(409).body("code", equalTo("JOB_PAUSED"));
        ask(job, "resume").then().statusCode(202);
        ask(job, "resume").then().statusCode(409).body("code", equalTo("JOB_NOT_PAUSED"));
        await(job, "done", now -> now.getString("modelId") != null);
        assertThat(get("/jobs/" + job + "/metrics").jsonPath().getList("loss"))
                .isEqualTo(get("/jobs/" + straight + "/metrics").jsonPath().getList("loss"))
                .as("one before the first step, and one of each")
                .hasSize(1 + steps);
        get("/jobs/" + job)
                .then()
                .body("history.to", equalTo(List.of("QUEUED", "RUNNING", "PAUSED", "QUEUED", "RUNNING", "SUCCEEDED")));
        get("/jobs/" + job + "/log")
                .then()
                .body(
                        "text",
                        hasItems("paused by key:test-control-admin", "resumed by key:test-control-admin", "finished"))
                .body("text", hasItem(containsString("continues after step")));
        ask(job, "pause").then().statusCode(409).body("code", equalTo("JOB_ENDED"));
        ask(job, "resume").then().statusCode(409).body("code", equalTo("JOB_ENDED"));
        for (int i = 0; i < 100; i++) {
            List<String> to = As.in(TENANT, Roles.AUDITOR)
                    .get("/api/audit?limit=500&action=training.job.state")
                    .jsonPath()
                    .getList("events.findAll { it.subject == 'job/" + job + "' }.detail.to");
            if (to.size() == 6) {
                assertThat(to.reversed())
                        .containsExactly("QUEUED", "RUNNING", "PAUSED", "QUEUED", "RUNNING", "SUCCEEDED");
                break;
            }
            assertThat(i).as("audited: " + to).isLessThan(99);
            Thread.sleep(100);
        }
        As.in(TENANT, Roles.AUDITOR)
                .get("/api/audit?limit=500")
                .then()
                .body("events.action", hasItems("training.job.pause", "training.job.resume"));
        thinned(straight, job);
    }

    private static void thinned(String straight, String job) {
        get("/jobs/" + job + "/metrics?points=100")
                .then()
                .body("step", hasItems(1, 50, 100, 550, 600))
                .body("size()", lessThanOrEqualTo(120));
        get("/metrics?points=50&job=" + straight + "&job=" + job)
                .then()
                .statusCode(200)
                .body("job.name", equalTo(List.of("control-straight", "control-paused")))
                .body("[0].points.size()", lessThanOrEqualTo(70))
                .body("[0].points.find { it.step == 600 }", hasKey("evaluationLoss"))
                .body("[1].points.step", hasItem(600));
        get("/metrics?job=" + straight + "&job=" + UUID.randomUUID()).then().statusCode(404);
        get("/metrics")
                .then()
                .statusCode(400)
                .body("code", equalTo("INVALID"))
                .body("errors.field", equalTo(List.of("job")));
        get("/metrics?job=" + UUID.randomUUID() + "&points=1")
                .then()
                .statusCode(400)
                .body("detail", equalTo("points: must be greater than or equal to 2, is 1"));
        get("/jobs/" + job + "/metrics?points=1").then().statusCode(400);
        As.in("elsewhere", Roles.ADMIN)
                .get("/api/training/metrics?job=" + job)
                .then()
                .statusCode(404);
        get("/jobs/" + job)
                .then()
                .body("latest", hasKey("loss"))
                .body("latest", hasKey("evaluationLoss"))
                .body("secondsLeft", org.hamcrest.Matchers.nullValue());
        As.in(TENANT, Roles.ADMIN)
                .get("/api/training/jobs/" + job + "/events?after=598")
                .then()
                .body(containsString("\"step\":599"))
                .body(not(containsString("\"step\":598,\"at\"")));
        get("/jobs/" + job + "/samples").then().statusCode(200).body("$", hasSize(0));
    }

    @Test
    void aPausedJobIsCancelled() throws Exception {
        String job = started("control-cancelled", 1_000_000);
        await(job, "runs", now -> now.getInt("step") > 2);
        get("/jobs")
                .then()
                .body("find { it.id == '" + job + "' }.secondsPerStep", notNullValue())
                .body("find { it.id == '" + job + "' }.latest.tokensPerSecond", greaterThan(0f));
        ask(job, "pause").then().statusCode(202);
        awaitState(job, "PAUSED");
        ask(job, "cancel").then().statusCode(202).body("state", equalTo("CANCELLED"));
        ask(job, "resume").then().statusCode(409).body("code", equalTo("JOB_ENDED"));
        get("/jobs").then().body("find { it.id == '" + job + "' }.state", equalTo("CANCELLED"));
    }

    @Test
    void aRecipeIsCompletedOrRefusedWithItsLineBeforeItIsStarted() {
        int before = get("/jobs").jsonPath().getList("id").size();
        validate(RECIPE.formatted("control-valid", 100))
                .then()
                .statusCode(200)
                .body("valid", equalTo(true))
                .body("stage", equalTo("pretrain"))
                .body("recipe", containsString("weightDecay"))
                .body("datasets.name", everyItem(equalTo("beds")))
                .body("datasets[0].version", greaterThan(0));
        validate(RECIPE.formatted("control-valid", 100).replace("sequence: 32", "sequence: thirty"))
                .then()
                .statusCode(200)
                .body("valid", equalTo(false))
                .body("refusal.line", equalTo(13))
                .body("refusal.message", containsString("sequence"));
        validate(RECIPE.formatted("control-valid", 100).replace("{dataset: beds", "{dataset: barns"))
                .then()
                .body("refusal.line", equalTo(8))
                .body("refusal.message", containsString("there is no dataset 'barns'"));
        validate(RECIPE.formatted("control-valid", 100)
                        .replace("{dataset: beds, format: text}", "{dataset: beds, format: tokens}"))
                .then()
                .body("refusal.line", equalTo(8))
                .body("refusal.message", containsString("data[0].format: beds@1.jsonl:1"));
        validate(RECIPE.formatted("control-valid", 0).replace("sequence: 32", "sequence: 2"))
                .then()
                .body("refusal.line", equalTo(16))
                .body(
                        "refusal.message",
                        equalTo("steps is 0; 1 to 10000000 is possible\n"
                                + "Line 13: sequence is 2; 8 to 1048576 is possible"));
        validate("kind: fuse\nname: f\nmethod: linear\nmodels:\n  - {model: a}\n  - {model: b}\n")
                .then()
                .body("refusal.line", equalTo(5))
                .body("refusal.message", containsString("there is no model 'a'"));
        validate("kind: train\n  name").then().body("valid", equalTo(false)).body("refusal.line", notNullValue());
        validate("").then().statusCode(400);
        assertThat(get("/jobs").jsonPath().getList("id")).hasSize(before);
    }

    @Test
    void theKindsOfRewardsAreToldThoseOfPlugInsToo() {
        get("/rewards")
                .then()
                .statusCode(200)
                .body("name", equalTo(List.of("citations", "differential", "exact", "judge", "numeric", "schema")))
                .body("find { it.name == 'judge' }.keys", equalTo(List.of("model", "question")))
                .body("find { it.name == 'exact' }.about", equalTo("the answer is the right one"));
    }

    @Test
    void whatARunWasMeasuredOnIsInItsLineageAndWasNotToBeTrainedOn() throws Exception {
        String job = started("control-measured", 50);
        String model =
                await(job, "done", now -> now.getString("modelId") != null).getString("modelId");
        As.in(TENANT, Roles.ADMIN)
                .get("/api/models/" + model)
                .then()
                .body("datasets.role", equalTo(List.of("data", "evaluation")))
                .body("datasets.name", equalTo(List.of("beds", "beds")));
        As.in(TENANT, Roles.ADMIN)
                .get("/api/models/" + model + "/lineage")
                .then()
                .body("edges.role", equalTo(List.of("made by", "data", "evaluation")))
                .body("nodes", hasSize(3));
        get("/jobs/" + job + "/log")
                .then()
                .body("text", hasItem(containsString("dataset beds is trained on as well as measured on")));
    }

    private static Response validate(String yaml) {
        return As.in(TENANT, Roles.ADMIN)
                .contentType(ContentType.JSON)
                .body(Map.of("recipe", yaml))
                .post("/api/training/recipes/validation");
    }
}
