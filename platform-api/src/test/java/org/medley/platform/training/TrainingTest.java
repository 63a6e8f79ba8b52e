package org.medley.platform.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.everyItem;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.matchesPattern;
import static org.hamcrest.Matchers.notNullValue;
import static org.hamcrest.Matchers.nullValue;

import io.restassured.http.ContentType;
import io.restassured.path.json.JsonPath;
import io.restassured.response.Response;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.medley.platform.As;
import org.medley.platform.Platform;
import org.medley.platform.PlatformTest;
import org.medley.platform.Registered;
import org.medley.platform.Roles;

/** Real training and fusion of a model of a few thousand weights, from the recipe to production and back. */
@PlatformTest
class TrainingTest {
    private static final String RECIPE = """
            kind: train
            name: %s
            stage: pretrain
            description: A very small model.
            model:
              scratch: {hidden: 16, layers: 1, heads: 2, kvHeads: 1, headSize: 8, intermediate: 32, context: 64}
              vocabulary: 320
            data:
              - {dataset: wards, format: text}
            sequence: 32
            microTokens: 64
            batchTokens: 64
            steps: %d
            seed: %d
            """;

    /** A tenant of its own: production of the first one is moved by other tests too. */
    private static final String TENANT = "wards";

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
                    .append(" free beds tonight.\"}\n");
        }
        Files.writeString(folder.resolve("wards.jsonl"), lines.toString());
        Files.writeString(folder.resolve("wards.md"), "Free beds, made up.\n");
        Registered.dataset(TENANT, "wards");
    }

    private static Response submit(String recipe) {
        return As.in(TENANT, Roles.ADMIN)
                .contentType(ContentType.JSON)
                .body(Map.of("recipe", recipe))
                .post("/api/training/jobs");
    }

    private static String started(String recipe) {
        return submit(recipe)
                .then()
                .statusCode(201)
                .body("state", equalTo("QUEUED"))
                .extract()
                .path("id");
    }

    private static JsonPath await(String job, String path, Object value) throws InterruptedException {
        long until = System.nanoTime() + Duration.ofSeconds(90).toNanos();
        while (true) {
            JsonPath now =
                    As.in(TENANT, Roles.ADMIN).get("/api/training/jobs/" + job).jsonPath();
            Object is = now.get(path);
            if (value == null ? is != null : value.equals(is)) {
                return now;
            }
            assertThat(now.getString("error")).as("job " + job).isNull();
            assertThat(System.nanoTime())
                    .as("%s of job %s is %s", path, job, is)
                    .isLessThan(until);
            Thread.sleep(50);
        }
    }

    private static String model(String name, int seed) throws InterruptedException {
        return await(started(RECIPE.formatted(name, 4, seed)), "modelId", null).getString("modelId");
    }

    private static Response promote(String model) {
        return As.in(TENANT, Roles.ADMIN)
                .contentType(ContentType.JSON)
                .body(Map.of("modelId", model, "reason", "measured better"))
                .put("/api/models/aliases/production");
    }

    private static Response rollback() {
        return As.in(TENANT, Roles.ADMIN)
                .contentType(ContentType.JSON)
                .body(Map.of("reason", "measured worse"))
                .post("/api/models/aliases/production/rollback");
    }

    @Test
    void aRecipeBecomesARegisteredModelWithItsCurve() throws Exception {
        String job = started(RECIPE.formatted("wards-one", 4, 1));
        String model = await(job, "modelId", null).getString("modelId");
        As.in(TENANT, Roles.ADMIN)
                .get("/api/training/jobs/" + job)
                .then()
                .body("state", equalTo("SUCCEEDED"))
                .body("step", equalTo(4))
                .body("steps", equalTo(4))
                .body("recipe", containsString("wards-one"))
                .body("createdBy", equalTo("key:test-wards-admin"));
        As.in(TENANT, Roles.ADMIN)
                .get("/api/training/jobs/" + job + "/metrics?after=1")
                .then()
                .body("step", equalTo(List.of(2, 3, 4)))
                .body("loss", everyItem(notNullValue()))
                .body("learningRate", everyItem(notNullValue()));
        As.in(TENANT, Roles.CLINICIAN)
                .get("/api/models/" + model)
                .then()
                .statusCode(200)
                .body("name", equalTo("wards-one"))
                .body("kind", equalTo("train"))
                .body("description", equalTo("A very small model."))
                .body("servable", equalTo(true))
                .body("sha256", matchesPattern("[0-9a-f]{64}"))
                .body("datasets.name", equalTo(List.of("wards")))
                .body("datasets[0].examples", equalTo(60))
                .body("recipe", containsString("wards-one"));
        As.in(TENANT, Roles.AUDITOR)
                .get("/api/audit")
                .then()
                .body("events.action", hasItems("training.job.submit", "training.job.finish", "model.register"));
        As.in("elsewhere", Roles.ADMIN).get("/api/models").then().body("id", hasSize(0));
    }

    @Test
    void theStreamOfEventsTellsEveryStepAndEndsWithTheJob() {
        String job = started(RECIPE.formatted("wards-stream", 5, 2));
        String stream = As.in(TENANT, Roles.ADMIN)
                .get("/api/training/jobs/" + job + "/events")
                .asString();
        List<JsonPath> events = stream.lines()
                .filter(line -> line.startsWith("data:"))
                .map(line -> new JsonPath(line.substring("data:".length())))
                .toList();
        assertThat(events.stream()
                        .filter(e -> e.getString("type").equals("metric"))
                        .map(e -> e.getInt("step")))
                .containsExactly(1, 2, 3, 4, 5);
        assertThat(events.getLast().getString("type")).isEqualTo("job");
        assertThat(events.getLast().getString("state")).isEqualTo("SUCCEEDED");
    }

    @Test
    void aModelIsGrownAndTheGrownOneTrained() throws Exception {
        String small = model("wards-small", 7);
        String grown = await(started("""
                        kind: grow
                        name: wards-grown
                        model: wards-small
                        factor: 2
                        form: stack_zero
                        """), "modelId", null).getString("modelId");
        As.in(TENANT, Roles.ADMIN)
                .get("/api/models/" + grown)
                .then()
                .body("kind", equalTo("grow"))
                .body("servable", equalTo(true))
                .body("parents.id", equalTo(List.of(small)));
        String on = RECIPE.formatted("wards-grown-on", 4, 8)
                .replaceFirst("(?s)model:.*?data:", "model: {from: wards-grown}\ndata:");
        String trained = await(started(on), "modelId", null).getString("modelId");
        As.in(TENANT, Roles.ADMIN)
                .get("/api/models/" + trained + "/lineage")
                .then()
                .body(
                        "nodes.findAll { it.kind == 'run' }.label",
                        equalTo(List.of("Pre-training", "Growth", "Pre-training")));
    }

    @Test
    void aFusedModelIsFollowedBackToItsDataAndMovesInAndOutOfProduction() throws Exception {
        String first = model("wards-a", 3);
        String second = model("wards-b", 4);
        String fused = await(started("""
                        kind: fuse
                        name: wards-fused
                        method: linear
                        models:
                          - {model: wards-a, weight: 0.5}
                          - {model: wards-b, weight: 0.5}
                        """), "modelId", null).getString("modelId");
        As.in(TENANT, Roles.PHYSICIST)
                .get("/api/models/" + fused)
                .then()
                .body("kind", equalTo("fuse"))
                .body("parents.id", equalTo(List.of(first, second)));
        As.in(TENANT, Roles.RESEARCHER)
                .get("/api/models/" + fused + "/lineage")
                .then()
                .statusCode(200)
                .body("root", equalTo(fused))
                .body("nodes.findAll { it.kind == 'model' }.id", hasItems(fused, first, second))
                .body("nodes.findAll { it.kind == 'run' }", hasSize(3))
                .body("nodes.findAll { it.kind == 'dataset' }.label", equalTo(List.of("wards")))
                .body("nodes.find { it.id == 'run-" + first + "' }.curve.step", equalTo(List.of(1, 2, 3, 4)))
                .body("edges.findAll { it.from == 'run-" + fused + "' }.to", hasItems(first, second))
                .body("nodes.find { it.kind == 'dataset' }.detail.dataset", equalTo("wards@1"))
                .body("nodes.find { it.kind == 'dataset' }.detail.licence", equalTo("CC0-1.0"))
                .body("edges.findAll { it.role == 'data' }", hasSize(2));
        promote(first).then().statusCode(200).body("name", equalTo("wards-a"));
        promote(first).then().statusCode(409).body("code", equalTo("ALREADY_IN_PRODUCTION"));
        promote(fused).then().statusCode(200);
        promote(second).then().statusCode(200);
        rollback().then().statusCode(200).body("id", equalTo(fused));
        rollback().then().statusCode(200).body("id", equalTo(first));
        rollback().then().statusCode(409).body("code", equalTo("NOTHING_TO_ROLL_BACK"));
        As.in(TENANT, Roles.CLINICIAN)
                .get("/api/models/aliases/production")
                .then()
                .body("model.id", equalTo(first))
                .body("events.to.id", equalTo(List.of(first, fused, second, fused, first)))
                .body("events[4].from", nullValue())
                .body("events[0].reason", equalTo("measured worse"));
        As.in(TENANT, Roles.CLINICIAN)
                .get("/api/models")
                .then()
                .body("findAll { it.production }.id", equalTo(List.of(first)));
        answersAs("production", "wards-a@1");
        answersAs("wards-b", "wards-b@1");
        As.in("elsewhere", Roles.CLINICIAN)
                .contentType(ContentType.JSON)
                .body(Map.of("model", "wards-b", "prompt", "Ward"))
                .post("/v1/completions")
                .then()
                .statusCode(404);
        As.in(TENANT, Roles.AUDITOR)
                .get("/api/audit?action=model.rollback")
                .then()
                .body("events", hasSize(2));
    }

    private static void answersAs(String asked, String answering) {
        As.in(TENANT, Roles.CLINICIAN)
                .contentType(ContentType.JSON)
                .body(Map.of("model", asked, "prompt", "Ward", "max_tokens", 2))
                .post("/v1/completions")
                .then()
                .statusCode(200)
                .body("model", equalTo(answering));
    }

    @Test
    void aRunningJobIsCancelled() throws Exception {
        String job = started(RECIPE.formatted("wards-long", 1_000_000, 5));
        await(job, "state", "RUNNING");
        As.in(TENANT, Roles.ADMIN)
                .contentType(ContentType.JSON)
                .post("/api/training/jobs/" + job + "/cancel")
                .then()
                .statusCode(202);
        await(job, "state", "CANCELLED");
        As.in(TENANT, Roles.ADMIN)
                .contentType(ContentType.JSON)
                .post("/api/training/jobs/" + job + "/cancel")
                .then()
                .statusCode(409)
                .body("code", equalTo("JOB_ENDED"));
    }

    @Test
    void aRecipeThatCannotRunIsRefusedAtOnce() {
        submit("kind: train\nname: x\nmodle: {}\n")
                .then()
                .statusCode(400)
                .body("code", equalTo("BAD_RECIPE"))
                .body("detail", containsString("unknown key 'modle'; possible here: "));
        submit(RECIPE.formatted("x", 1, 1).replace("dataset: wards", "dataset: nowhere"))
                .then()
                .statusCode(400)
                .body("detail", containsString("nowhere"));
        submit(RECIPE.formatted("x", 1, 1).replace("dataset: wards", "dataset: ../secrets/postgres"))
                .then()
                .statusCode(400)
                .body("detail", containsString("is a path"));
    }

    @Test
    void aTenantsRecipesReachItsOwnDatasetsOnly() {
        As.in("elsewhere", Roles.ADMIN)
                .contentType(ContentType.JSON)
                .body(Map.of("recipe", RECIPE.formatted("x", 1, 1)))
                .post("/api/training/jobs")
                .then()
                .statusCode(400)
                .body("code", equalTo("BAD_RECIPE"));
        As.in("elsewhere", Roles.ADMIN).get("/api/training/datasets").then().body("name", hasSize(0));
    }
}
