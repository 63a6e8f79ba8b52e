package org.medley.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;

import io.restassured.http.ContentType;
import io.restassured.path.json.JsonPath;
import io.restassured.response.Response;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The whole of what Medley is for, through its REST API: train, fuse, promote, ask, and follow an answer to its data. */
@PlatformTest
class MainJobTest {
    private static final String BASE = """
            kind: train
            name: job-base
            stage: finetune
            model:
              scratch: {hidden: 16, layers: 1, heads: 2, kvHeads: 1, headSize: 8, intermediate: 32, context: 4096}
              vocabulary: 700
            data: [{dataset: job-hearts, format: chat}, {dataset: job-heads, format: chat}]
            sequence: 256
            microTokens: 256
            batchTokens: 256
            steps: 3
            """;

    private static final String SPECIALIST = """
            kind: train
            name: job-%1$s
            stage: finetune
            model: {from: job-base}
            data: [{dataset: job-%1$s, format: chat}]
            sequence: 256
            microTokens: 256
            batchTokens: 256
            steps: 3
            """;

    private static final String FUSION = """
            kind: fuse
            name: job-fused
            method: ties
            base: job-base
            models: [{model: job-hearts, density: 0.8}, {model: job-heads, density: 0.8}]
            """;

    private static String dataset(String name, String finding, String condition) throws Exception {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 40; i++) {
            lines.append(("{\"messages\":[{\"role\":\"user\",\"content\":\"Case: woman, %d years. Present: %s.\"},"
                            + "{\"role\":\"assistant\",\"content\":\"Most likely is %s [1].\"}]}\n")
                    .formatted(20 + i, finding, condition));
        }
        byte[] bytes = lines.toString().getBytes(StandardCharsets.UTF_8);
        Path folder = Files.createDirectories(Platform.data().resolve("datasets"));
        Files.write(folder.resolve(name + ".jsonl"), bytes);
        Registered.dataset("demo", name);
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private static Response post(String role, String path, Object body) {
        return As.role(role).contentType(ContentType.JSON).body(body).post(path);
    }

    private static String model(String recipe) throws InterruptedException {
        String job = post(Roles.ADMIN, "/api/training/jobs", Map.of("recipe", recipe))
                .then()
                .statusCode(201)
                .extract()
                .path("id");
        long until = System.nanoTime() + Duration.ofSeconds(120).toNanos();
        while (true) {
            JsonPath now = As.role(Roles.ADMIN).get("/api/training/jobs/" + job).jsonPath();
            if (now.getString("modelId") != null) {
                return now.getString("modelId");
            }
            assertThat(now.getString("error")).as("job " + job).isNull();
            assertThat(System.nanoTime())
                    .as("job " + job + " is " + now.getString("state"))
                    .isLessThan(until);
            Thread.sleep(100);
        }
    }

    @Test
    void twoSpecialistsAreFusedAndAnAnswerIsFollowedToItsData() throws Exception {
        String hearts = dataset("job-hearts", "pressing central chest pain", "acute coronary syndrome");
        String heads = dataset("job-heads", "thunderclap headache", "subarachnoid haemorrhage");
        model(BASE);
        model(SPECIALIST.formatted("hearts"));
        model(SPECIALIST.formatted("heads"));
        String fused = model(FUSION);
        As.role(Roles.ADMIN)
                .contentType(ContentType.JSON)
                .body(Map.of("modelId", fused, "reason", "the main job"))
                .put("/api/models/aliases/production")
                .then()
                .statusCode(200);

        String patient = post(
                        Roles.CLINICIAN,
                        "/api/clinical/cases",
                        Map.of(
                                "age",
                                52,
                                "sex",
                                "female",
                                "complaint",
                                "worst headache ever",
                                "present",
                                List.of("thunderclap-headache", "neck-stiffness", "vomiting"),
                                "absent",
                                List.of("fever"),
                                "vitals",
                                Map.of("systolic", 186, "heartRate", 90)))
                .then()
                .statusCode(201)
                .extract()
                .path("id");
        JsonPath assessment = post(Roles.CLINICIAN, "/api/clinical/cases/" + patient + "/assessments", Map.of())
                .then()
                .statusCode(201)
                .body("model.id", equalTo(fused))
                .body("differential[0].conditionId", equalTo("subarachnoid-haemorrhage"))
                .body("cantMiss.conditionId", hasItem("subarachnoid-haemorrhage"))
                .body("redFlags.finding", hasItem("thunderclap-headache"))
                .body("computedVitals.finding", hasItem("severe-hypertension"))
                .body("passages.title", hasItem("Subarachnoid haemorrhage"))
                .body("missing", hasItem("temperature"))
                .extract()
                .jsonPath();
        assertThat(assessment.getList("differential[0].for.weight", Float.class))
                .allMatch(w -> w > 0);
        assertThat(assessment.getList("passages[0].source.title")).isNotEmpty();

        String id = assessment.getString("id");
        String stream = post(Roles.CLINICIAN, "/api/clinical/assessments/" + id + "/reasoning", Map.of())
                .then()
                .statusCode(200)
                .extract()
                .asString();
        assertThat(stream).contains("data: {\"t\":").contains("\"done\":true");
        As.role(Roles.CLINICIAN)
                .get("/api/clinical/assessments/" + id)
                .then()
                .body("reasoning.usage.completionTokens", org.hamcrest.Matchers.greaterThan(0));

        JsonPath lineage = As.role(Roles.CLINICIAN)
                .get("/api/models/" + assessment.getString("model.id") + "/lineage")
                .then()
                .statusCode(200)
                .extract()
                .jsonPath();
        assertThat(lineage.getList("nodes.findAll { it.kind == 'dataset' }.sha256", String.class))
                .contains(hearts, heads);
        assertThat(lineage.getList("edges.role", String.class)).contains("base", "source", "start");
        assertThat(lineage.getList("nodes.findAll { it.curve != null }.curve[0].loss"))
                .isNotEmpty();

        post(Roles.CLINICIAN, "/api/clinical/assessments/" + id + "/signature", Map.of("note", "seen"))
                .then()
                .statusCode(200)
                .body("signed.note", equalTo("seen"));
        post(Roles.CLINICIAN, "/api/clinical/assessments/" + id + "/reasoning", Map.of())
                .then()
                .statusCode(409)
                .body("code", equalTo("SIGNED"));
    }

    @Test
    void aCaseThatCannotBeIsRefusedFieldByFieldAndNotKept() {
        int before = As.role(Roles.CLINICIAN)
                .get("/api/clinical/cases")
                .jsonPath()
                .getList("id")
                .size();
        post(
                        Roles.CLINICIAN,
                        "/api/clinical/cases",
                        Map.of("age", 800, "sex", "male", "complaint", "old", "present", List.of("wings")))
                .then()
                .statusCode(400)
                .body("code", equalTo("INVALID"))
                .body("errors.field", equalTo(List.of("age", "present")))
                .body("errors[0].message", containsString("is 800; 18 to 120 years"));
        post(Roles.CLINICIAN, "/api/clinical/cases", Map.of("age", 40, "sex", "male", "complaint", "x", "shoeSize", 43))
                .then()
                .statusCode(400)
                .body("detail", containsString("shoeSize"));
        assertThat(As.role(Roles.CLINICIAN)
                        .get("/api/clinical/cases")
                        .jsonPath()
                        .getList("id"))
                .hasSize(before);
    }

    @Test
    void anotherTenantSeesNeitherCaseNorAssessment() {
        String patient = post(
                        Roles.CLINICIAN, "/api/clinical/cases", Map.of("age", 40, "sex", "male", "complaint", "mine"))
                .then()
                .statusCode(201)
                .extract()
                .path("id");
        As.in("elsewhere", Roles.CLINICIAN)
                .get("/api/clinical/cases/" + patient)
                .then()
                .statusCode(404);
        As.role(Roles.ADMIN).get("/api/clinical/cases/" + patient).then().statusCode(403);
    }
}
