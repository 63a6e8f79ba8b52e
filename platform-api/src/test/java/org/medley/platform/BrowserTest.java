package org.medley.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.restassured.RestAssured;
import io.restassured.http.ContentType;
import io.restassured.path.json.JsonPath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The main job as a person does it: web-ui/e2e/main-job.mjs drives Chromium against this platform. In a tenant of its
 * own, so that what it puts into production is nobody else's.
 */
@PlatformTest
class BrowserTest {
    private static final String TENANT = "browser";
    private static final String PASSWORD = "a password for browsers";
    private static final Path WEB = Path.of("../web-ui").toAbsolutePath().normalize();
    private static final Path OUT = Path.of("target/browser-test").toAbsolutePath();
    private static final Duration INSTALLATION = Duration.ofMinutes(5);
    private static final Duration TRAINING = Duration.ofMinutes(3);
    private static final Duration JOB = Duration.ofMinutes(4);

    /** Learns to cite: says the same of every case, which is enough to be streamed, checked and clicked on. */
    private static final String READER = """
            kind: train
            name: browser-reader
            stage: finetune
            model:
              scratch: {hidden: 48, layers: 2, heads: 4, kvHeads: 2, headSize: 16, intermediate: 128, context: 4096}
              vocabulary: 900
            data: [{dataset: browser-reader, format: chat}]
            sequence: 512
            microTokens: 1024
            batchTokens: 1024
            steps: 90
            optimizer: {learningRate: 0.01, warmup: 5}
            seed: 7
            """;

    private static final String ANSWER = "The first passage describes this picture [1]. The second tells it from its"
            + " neighbours [2]. Before anything is decided, tests named above are due [3]. Whatever was not measured"
            + " should be, then look again [1]. Somebody who knows the patient signs [2].";

    @Test
    void aPersonGetsFromACaseToItsDataAndAModelIntoProductionAndBack() throws Exception {
        assumeTrue(
                BrowserTest.class.getResource("/META-INF/resources/index.html") != null,
                "the web UI was left out of this build (-Dweb.skip)");
        assumeTrue(
                Files.isDirectory(WEB.resolve("node_modules/playwright-core")),
                "playwright-core is not in " + WEB.resolve("node_modules") + ": run npm ci there");
        assumeTrue(onPath("node").isPresent(), "no node is on the PATH");
        Optional<Path> found = chromium();
        assumeTrue(
                found.isPresent(),
                "no Chromium is on the PATH, and it could not be installed (only root can, where there is apt-get)");

        Path datasets = Platform.data().resolve("tenants").resolve(tenantId()).resolve("datasets");
        users();
        writeReaderData(datasets);
        Registered.dataset(TENANT, "browser-reader");
        promote(trained());

        Files.createDirectories(OUT);
        Path log = OUT.resolve("output.txt");
        Files.deleteIfExists(log);
        int status = run(
                JOB,
                log,
                "node",
                WEB.resolve("e2e/main-job.mjs").toString(),
                "--url",
                "http://127.0.0.1:" + RestAssured.port,
                "--password",
                PASSWORD,
                "--datasets",
                datasets.toString(),
                "--users",
                "browser-clinician,browser-admin,browser-auditor",
                "--chromium",
                found.get().toString(),
                "--shots",
                OUT.toString());
        assertThat(status)
                .as(
                        "main-job.mjs (screenshot of a failure: %s) said:%n%s",
                        OUT.resolve("failed.png"), Files.readString(log))
                .isZero();
    }

    private static String tenantId() {
        return As.in(TENANT, Roles.ADMIN)
                .get("/api/session")
                .then()
                .statusCode(200)
                .extract()
                .path("tenant.id");
    }

    private static void users() {
        for (String role : List.of(Roles.CLINICIAN, Roles.ADMIN, Roles.AUDITOR)) {
            As.in(TENANT, Roles.ADMIN)
                    .contentType(ContentType.JSON)
                    .body(Map.of(
                            "username",
                            "browser-" + role,
                            "displayName",
                            "Browser " + role,
                            "roles",
                            List.of(role),
                            "password",
                            PASSWORD))
                    .post("/api/users")
                    .then()
                    .statusCode(201);
        }
    }

    /** Cases of all lengths in the words of the vocabulary, and always the same answer. */
    private static void writeReaderData(Path datasets) throws IOException {
        List<String> labels = As.in(TENANT, Roles.CLINICIAN)
                .get("/api/clinical/vocabulary")
                .then()
                .statusCode(200)
                .extract()
                .path("findings.label");
        Random random = new Random(7);
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 120; i++) {
            String findings = random.ints(2 + random.nextInt(24), 0, labels.size())
                    .mapToObj(labels::get)
                    .reduce((a, b) -> a + ", " + b)
                    .orElseThrow();
            lines.append("""
                    {"messages": [{"role": "user", "content": "Case: %d years. Present: %s."}, \
                    {"role": "assistant", "content": "%s"}]}
                    """.formatted(18 + i % 80, findings.replace("\"", ""), ANSWER));
        }
        Files.createDirectories(datasets);
        Files.writeString(datasets.resolve("browser-reader.jsonl"), lines.toString());
    }

    private static String trained() throws InterruptedException {
        String job = As.in(TENANT, Roles.ADMIN)
                .contentType(ContentType.JSON)
                .body(Map.of("recipe", READER))
                .post("/api/training/jobs")
                .then()
                .statusCode(201)
                .extract()
                .path("id");
        long until = System.nanoTime() + TRAINING.toNanos();
        while (true) {
            JsonPath now =
                    As.in(TENANT, Roles.ADMIN).get("/api/training/jobs/" + job).jsonPath();
            if (now.getString("modelId") != null) {
                return now.getString("modelId");
            }
            assertThat(now.getString("error")).as("job " + job).isNull();
            assertThat(System.nanoTime())
                    .as("job %s is %s at step %s", job, now.getString("state"), now.getString("step"))
                    .isLessThan(until);
            Thread.sleep(200);
        }
    }

    private static void promote(String model) {
        As.in(TENANT, Roles.ADMIN)
                .contentType(ContentType.JSON)
                .body(Map.of("modelId", model, "reason", "it cites"))
                .put("/api/models/aliases/production")
                .then()
                .statusCode(200);
    }

    private static Optional<Path> chromium() throws IOException, InterruptedException {
        Optional<Path> found = installedChromium();
        boolean root = "root".equals(System.getProperty("user.name"));
        if (found.isPresent() || !root || onPath("apt-get").isEmpty()) {
            return found;
        }
        Files.createDirectories(OUT);
        Path log = OUT.resolve("installation.txt");
        run(INSTALLATION, log, "apt-get", "update", "-q");
        run(INSTALLATION, log, "apt-get", "install", "-q", "-y", "--no-install-recommends", "chromium");
        return installedChromium();
    }

    private static Optional<Path> installedChromium() {
        return Stream.concat(
                        Stream.of("chromium", "chromium-browser", "google-chrome")
                                .flatMap(name -> onPath(name).stream()),
                        Stream.of(
                                        "/usr/bin/chromium",
                                        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
                                        "/Applications/Chromium.app/Contents/MacOS/Chromium")
                                .map(Path::of)
                                .filter(Files::isExecutable))
                .findFirst();
    }

    private static Optional<Path> onPath(String program) {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(java.io.File.pathSeparator))
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder).resolve(program))
                .filter(file -> Files.isExecutable(file) && !Files.isDirectory(file))
                .findFirst();
    }

    /** Its exit status; what takes longer than it may is ended, with whatever it started, and has status -1. */
    private static int run(Duration limit, Path log, String... command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
        Process process = builder.start();
        try {
            if (process.waitFor(limit.toSeconds(), TimeUnit.SECONDS)) {
                return process.exitValue();
            }
            Files.writeString(log, "ended after " + limit + "\n", java.nio.file.StandardOpenOption.APPEND);
            return -1;
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
