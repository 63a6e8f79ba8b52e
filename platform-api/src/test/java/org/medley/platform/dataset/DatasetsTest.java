package org.medley.platform.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.notNullValue;
import static org.hamcrest.Matchers.nullValue;

import io.restassured.http.ContentType;
import io.restassured.response.Response;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.medley.platform.As;
import org.medley.platform.Platform;
import org.medley.platform.PlatformTest;
import org.medley.platform.Registered;
import org.medley.platform.Roles;
import org.medley.runtime.digest.Sha256;

/** Versions of datasets: what is registered, what may be trained on, and what becomes of files that change. */
@PlatformTest
class DatasetsTest {
    private static final String TENANT = "archive";

    private static final String RECIPE = """
            kind: train
            name: archive-%1$s
            stage: pretrain
            model:
              scratch: {hidden: 16, layers: 1, heads: 2, kvHeads: 1, headSize: 8, intermediate: 32, context: 64}
              vocabulary: 320
            data:
              - dataset: %1$s
                format: text
            sequence: 32
            microTokens: 64
            batchTokens: 64
            steps: 1
            """;

    private static Path folder() throws IOException {
        String tenant = As.in(TENANT, Roles.ADMIN).get("/api/session").path("tenant.id");
        return Files.createDirectories(
                Platform.data().resolve("tenants").resolve(tenant).resolve("datasets"));
    }

    private static String lines(String word) {
        return ("{\"text\": \"The " + word + " has free beds tonight, as it had yesterday.\"}\n").repeat(30);
    }

    /** As careful people replace a file: whole. */
    private static Path write(String file, String content) throws IOException {
        Path fresh = Files.writeString(folder().resolve(".fresh-" + UUID.randomUUID()), content);
        return Files.move(
                fresh, folder().resolve(file), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static Response register(Map<String, Object> facts) {
        return Registered.send(TENANT, facts);
    }

    private static Response listed() {
        return As.in(TENANT, Roles.ADMIN).get("/api/training/datasets");
    }

    private static Response submit(String reference) {
        return As.in(TENANT, Roles.ADMIN)
                .contentType(ContentType.JSON)
                .body(Map.of("recipe", RECIPE.formatted(reference).replace("archive-" + reference, "archive-model")))
                .post("/api/training/jobs");
    }

    private static Response upload(String file, byte[] content, boolean replace) {
        return As.in(TENANT, Roles.ADMIN)
                .contentType(ContentType.BINARY)
                .body(content)
                .post("/api/training/datasets/files/" + file + "?replace=" + replace);
    }

    @Test
    void whatLiesInTheFolderIsListedAndNothingIsTrainedOnItUntilItIsRegistered() throws Exception {
        write("plain.jsonl", lines("ward"));
        write("plain.md", "Beds, made up.\n");
        listed().then()
                .body("find { it.name == 'plain' }.place", equalTo("unregistered"))
                .body("find { it.name == 'plain' }.version", nullValue())
                .body("find { it.name == 'plain' }.description", equalTo("Beds, made up."));
        submit("plain")
                .then()
                .statusCode(400)
                .body("code", equalTo("BAD_RECIPE"))
                .body(
                        "detail",
                        containsString(
                                "recipe:8: data[0].dataset: dataset 'plain' is in the folder but not registered"));
        String sha256 = new Sha256().add(folder().resolve("plain.jsonl")).hex();
        String id = register(Registered.madeUp("plain"))
                .then()
                .statusCode(201)
                .body("version", equalTo(1))
                .body("sha256", equalTo(sha256))
                .body("records", equalTo(30))
                .body("format", equalTo("text"))
                .body("description", equalTo("Beds, made up."))
                .extract()
                .path("id");
        String job = submit("plain").then().statusCode(201).extract().path("id");
        As.in(TENANT, Roles.ADMIN)
                .get("/api/training/jobs/" + job)
                .then()
                .body("datasets.sha256", equalTo(List.of(sha256)))
                .body("datasets[0].version", equalTo(1))
                .body("datasets[0].reference", equalTo("plain"));
        As.in(TENANT, Roles.ADMIN)
                .get("/api/training/datasets/" + id)
                .then()
                .body("version.licence", equalTo("CC0-1.0"))
                .body("jobs.id", equalTo(List.of(job)));
        register(Registered.madeUp("plain")).then().statusCode(409).body("code", equalTo("ALREADY_REGISTERED"));
        As.in("elsewhere", Roles.ADMIN).get("/api/training/datasets").then().body("name", hasSize(0));
        As.in(TENANT, Roles.AUDITOR)
                .get("/api/audit?action=training.dataset")
                .then()
                .body("events.action", hasItem("training.dataset.register"));
    }

    @Test
    void anotherContentIsRefusedUntilItIsANewVersionAndTheOldOneStaysUsable() throws Exception {
        write("moving.jsonl", lines("ward"));
        register(Registered.madeUp("moving")).then().statusCode(201);
        write("moving.jsonl", lines("clinic"));
        listed().then().body("find { it.name == 'moving' }.place", equalTo("changed"));
        submit("moving")
                .then()
                .statusCode(400)
                .body("detail", containsString("is another than that of version 1; register it as a new version"));
        submit("moving@1").then().statusCode(201);
        register(Registered.madeUp("moving")).then().statusCode(201).body("version", equalTo(2));
        String job = submit("moving").then().statusCode(201).extract().path("id");
        As.in(TENANT, Roles.ADMIN).get("/api/training/jobs/" + job).then().body("datasets[0].version", equalTo(2));
        submit("moving@3").then().statusCode(400).body("detail", containsString("has no version 3; 1 to 2 are there"));
        Files.delete(folder().resolve("moving.jsonl"));
        listed().then().body("find { it.name == 'moving' }.place", equalTo("absent"));
        submit("moving").then().statusCode(201);
    }

    @Test
    void aFileThatIsWrittenOverInPlaceLeavesItsVersionAsItWas() throws Exception {
        Path file = write("inplace.jsonl", lines("ward"));
        register(Registered.madeUp("inplace")).then().statusCode(201);
        Files.writeString(file, lines("barn"));
        submit("inplace").then().statusCode(400).body("detail", containsString("or name inplace@1"));
        submit("inplace@1").then().statusCode(201);
        Files.writeString(folder().resolve(".versions/inplace@1.jsonl"), lines("barn"));
        for (String reference : List.of("inplace", "inplace@1")) {
            submit(reference).then().statusCode(400).body("detail", containsString("written over in place"));
        }
    }

    @Test
    void clinicalDataIsTrainedOnOnceItIsDeIdentified() throws Exception {
        write("letters.jsonl", lines("patient"));
        Map<String, Object> facts = Registered.madeUp("letters");
        facts.putAll(Map.of(
                "consentBasis", "broad_consent", "clinical", true, "phiClass", "identifiable", "deIdentified", false));
        String id = register(facts).then().statusCode(201).extract().path("id");
        submit("letters")
                .then()
                .statusCode(400)
                .body("detail", containsString("dataset 'letters' version 1 is clinical and not de-identified"))
                .body("detail", containsString("de-identify it"));
        write("letters.jsonl", lines("person"));
        facts.putAll(Map.of("phiClass", "limited", "deIdentified", true));
        register(facts).then().statusCode(201).body("version", equalTo(2));
        submit("letters").then().statusCode(201);
        submit("letters@1").then().statusCode(400);
        facts.putAll(Map.of("phiClass", "none", "deIdentified", false));
        register(facts).then().statusCode(201).body("version", equalTo(3));
        submit("letters").then().statusCode(201);
        As.in(TENANT, Roles.ADMIN).get("/api/training/datasets/" + id).then().body("jobs", hasSize(0));
    }

    @Test
    void factsThatContradictEachOtherAreRefusedByField() throws Exception {
        write("facts.jsonl", lines("ward"));
        refused(Map.of("clinical", false, "phiClass", "limited", "consentBasis", "waiver"), "clinical");
        refused(Map.of("clinical", true, "phiClass", "limited"), "phiClass");
        refused(
                Map.of("clinical", true, "phiClass", "identifiable", "consentBasis", "waiver", "deIdentified", true),
                "deIdentified");
        refused(Map.of("consentBasis", "legal_basis_other"), "consentNote");
        refused(Map.of("licence", " "), "licence");
        refused(Map.of("name", "../facts"), "name");
        refused(Map.of("name", "nowhere"), "name");
        Map<String, Object> chat = Registered.madeUp("facts");
        chat.put("format", "chat");
        register(chat)
                .then()
                .statusCode(400)
                .body("code", equalTo("BAD_DATASET"))
                .body("detail", containsString("facts.jsonl:1"));
        Map<String, Object> unknown = Registered.madeUp("facts");
        unknown.put("consentBasis", "because");
        register(unknown).then().statusCode(400).body("detail", containsString("none_needed_synthetic"));
    }

    private static void refused(Map<String, Object> change, String field) {
        Map<String, Object> facts = Registered.madeUp("facts");
        facts.putAll(change);
        register(facts).then().statusCode(400).body("errors.field", equalTo(List.of(field)));
    }

    @Test
    void aVersionIsRetiredOnceAndOnlyWhenNoJobNeedsIt() throws Exception {
        write("old.jsonl", lines("ward"));
        String id = register(Registered.madeUp("old"))
                .then()
                .statusCode(201)
                .extract()
                .path("id");
        String job = submit("old").then().statusCode(201).extract().path("id");
        As.in(TENANT, Roles.ADMIN).contentType(ContentType.JSON).post("/api/training/jobs/" + job + "/pause");
        if (!ended(job)) {
            retire(id).then().statusCode(409).body("code", equalTo("DATASET_IN_USE"));
        }
        As.in(TENANT, Roles.ADMIN).contentType(ContentType.JSON).post("/api/training/jobs/" + job + "/cancel");
        while (!ended(job)) {
            Thread.sleep(50);
        }
        retire(id).then().statusCode(200).body("retiredBy", notNullValue());
        retire(id).then().statusCode(409).body("code", equalTo("ALREADY_RETIRED"));
        submit("old").then().statusCode(400).body("detail", containsString("is retired"));
        try (Stream<Path> kept = Files.list(folder().resolve(".versions"))) {
            assertThat(kept.map(path -> path.getFileName().toString())).noneMatch(name -> name.startsWith("old@"));
        }
        assertThat(folder().resolve("old.jsonl"))
                .as("the file itself is its owner's")
                .exists();
        register(Registered.madeUp("old")).then().statusCode(201).body("version", equalTo(2));
    }

    private static boolean ended(String job) {
        return List.of("SUCCEEDED", "FAILED", "CANCELLED")
                .contains(As.in(TENANT, Roles.ADMIN)
                        .get("/api/training/jobs/" + job)
                        .jsonPath()
                        .getString("state"));
    }

    private static Response retire(String id) {
        return As.in(TENANT, Roles.ADMIN)
                .contentType(ContentType.JSON)
                .post("/api/training/datasets/" + id + "/retirement");
    }

    @Test
    void anUploadIsHashedOnItsWayAndOnlyReplacesWhatItIsToldTo() throws Exception {
        byte[] first = lines("upload").getBytes(StandardCharsets.UTF_8);
        upload("sent.jsonl", first, false)
                .then()
                .statusCode(201)
                .body("name", equalTo("sent"))
                .body("bytes", equalTo(first.length))
                .body("sha256", equalTo(new Sha256().add(first).hex()));
        assertThat(folder().resolve("sent.jsonl")).hasBinaryContent(first);
        byte[] second = lines("second").getBytes(StandardCharsets.UTF_8);
        upload("sent.jsonl", second, false).then().statusCode(409).body("code", equalTo("DATASET_EXISTS"));
        upload("sent.txt", second, true)
                .then()
                .statusCode(409)
                .body("detail", containsString("lies there as sent.jsonl"));
        register(Registered.madeUp("sent")).then().statusCode(201);
        upload("sent.jsonl", second, true).then().statusCode(201);
        submit("sent@1").then().statusCode(201);
        listed().then().body("find { it.name == 'sent' }.place", equalTo("changed"));
        As.in(TENANT, Roles.AUDITOR)
                .get("/api/audit?action=training.dataset.upload")
                .then()
                .body("events.detail.file", hasItems("sent.jsonl"));
    }

    @Test
    void whatIsNoDataGetsNoPlace() throws Exception {
        byte[] zip = {'P', 'K', 3, 4, 0, 0};
        upload("zip.jsonl", zip, false)
                .then()
                .statusCode(400)
                .body("code", equalTo("BAD_DATASET"))
                .body("detail", equalTo("zip.jsonl: is compressed; decompress it first"));
        upload("empty.jsonl", new byte[0], false).then().statusCode(400);
        upload("program.exe", zip, false).then().statusCode(400).body("errors[0].field", equalTo("file"));
        upload("..%2Fescape.jsonl", lines("x").getBytes(StandardCharsets.UTF_8), false)
                .then()
                .statusCode(400);
        try (Stream<Path> files = Files.list(folder())) {
            assertThat(files.map(path -> path.getFileName().toString()))
                    .doesNotContain("zip.jsonl", "empty.jsonl", "program.exe")
                    .noneMatch(name -> name.startsWith(".upload"));
        }
    }

    @Test
    void anUploadMayBeLargerThanOtherRequests() throws Exception {
        byte[] large = new byte[18 << 20];
        new Random(5).nextBytes(large);
        for (int i = 0; i < large.length; i++) {
            large[i] = (byte) ('a' + (large[i] & 15));
        }
        upload("large.txt", large, false).then().statusCode(201).body("bytes", equalTo(large.length));
        As.in(TENANT, Roles.ADMIN)
                .contentType(ContentType.JSON)
                .body(large)
                .post("/api/training/jobs")
                .then()
                .statusCode(413)
                .body("code", equalTo("TOO_LARGE"));
        Files.delete(folder().resolve("large.txt"));
    }
}
