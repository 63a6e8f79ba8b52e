package org.medley.runtime.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A server under steady load by its API: so many streams at once, each followed by the next, and each checked to be
 * whole: a role first, text, a reason for the end, the tokens used, and the mark of the end.
 */
final class HttpBench {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int REPORT_SECONDS = 30;

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI url;
    private final String key;
    private final String model;
    private final int maxTokens;

    private final AtomicLong whole = new AtomicLong();
    private final AtomicLong broken = new AtomicLong();
    private final AtomicLong tokens = new AtomicLong();
    private volatile String lastProblem = "";
    private volatile boolean stopping;

    HttpBench(URI base, String key, String model, int maxTokens) {
        this.url = URI.create(base.toString().replaceFirst("/+$", "") + "/v1/chat/completions");
        this.key = key;
        this.model = model;
        this.maxTokens = maxTokens;
    }

    /** @return whether every stream was whole */
    boolean run(int users, int seconds, ObjectNode out) throws InterruptedException {
        double alone = phase(1, Math.min(20, seconds), false);
        double together = phase(users, seconds, true);
        System.out.printf(
                Locale.ROOT,
                "%d streams whole, %d broken%s; %.1f tokens/s by one stream, %.1f by %d: %.1f times%n",
                whole.get(),
                broken.get(),
                lastProblem.isEmpty() ? "" : " (the last: " + lastProblem + ")",
                alone,
                together,
                users,
                together / alone);
        out.put("users", users)
                .put("seconds", seconds)
                .put("streams", whole.get())
                .put("broken", broken.get())
                .put("one_stream_tokens_per_s", alone)
                .put("tokens_per_s", together);
        return broken.get() == 0;
    }

    private double phase(int users, int seconds, boolean report) throws InterruptedException {
        stopping = false;
        long before = tokens.get();
        long began = System.nanoTime();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < users; i++) {
                threads.submit(this::user);
            }
            for (int left = seconds; left > 0; left -= REPORT_SECONDS) {
                Thread.sleep(Duration.ofSeconds(Math.min(left, REPORT_SECONDS)));
                if (report) {
                    System.out.printf(
                            Locale.ROOT,
                            "%5.0f s  %d whole  %d broken  %.1f tokens/s%n",
                            (System.nanoTime() - began) / 1e9,
                            whole.get(),
                            broken.get(),
                            (tokens.get() - before) / ((System.nanoTime() - began) / 1e9));
                }
            }
            stopping = true;
            threads.shutdown();
            threads.awaitTermination(5, TimeUnit.MINUTES);
        }
        return (tokens.get() - before) / ((System.nanoTime() - began) / 1e9);
    }

    private void user() {
        while (!stopping) {
            try {
                tokens.addAndGet(stream());
                whole.incrementAndGet();
            } catch (IOException e) {
                broken.incrementAndGet();
                lastProblem = e.toString();
                System.out.println("broken: " + lastProblem);
                // A server that is gone is asked again, but not as fast as the processor allows.
                if (sleptBadly()) {
                    return;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private static boolean sleptBadly() {
        try {
            Thread.sleep(200);
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    private String body() {
        ObjectNode body = JSON.createObjectNode();
        body.put("model", model)
                .put("stream", true)
                .put("max_tokens", maxTokens)
                .put("ignore_eos", true)
                .put("temperature", 0.8);
        body.putObject("stream_options").put("include_usage", true);
        String patient = "A patient of " + ThreadLocalRandom.current().nextInt(18, 90)
                + " years with fever and cough for "
                + ThreadLocalRandom.current().nextInt(1, 14)
                + " days. What is most likely?";
        body.putArray("messages").addObject().put("role", "user").put("content", patient);
        return body.toString();
    }

    /** One stream, to its end; the tokens generated. */
    private int stream() throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(url)
                .header("Authorization", "Bearer " + key)
                .header("Content-Type", "application/json")
                .timeout(Duration.ofMinutes(5))
                .POST(HttpRequest.BodyPublishers.ofString(body()))
                .build();
        var response = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
        try (BufferedReader in = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
            if (response.statusCode() != 200) {
                throw new IOException(response.statusCode() + " " + in.readLine());
            }
            return read(in);
        }
    }

    private static int read(BufferedReader in) throws IOException {
        boolean role = false;
        String reason = null;
        int used = -1;
        boolean done = false;
        // To the very end, behind the mark too: a connection that is left earlier cannot serve the next stream.
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            done |= line.equals("data: [DONE]");
            if (!done && line.startsWith("data: ")) {
                JsonNode chunk = JSON.readTree(line.substring(6));
                if (chunk.has("error")) {
                    throw new IOException(chunk.get("error").toString());
                }
                JsonNode choice = chunk.path("choices").path(0);
                role |= choice.path("delta").path("role").asText().equals("assistant");
                reason = choice.path("finish_reason").isTextual()
                        ? choice.get("finish_reason").asText()
                        : reason;
                used = chunk.path("usage").path("completion_tokens").asInt(used);
            }
        }
        if (!done || !role || reason == null || used < 1) {
            throw new IOException(
                    "the stream ended without its role, its reason, the tokens used or the mark of the end");
        }
        return used;
    }
}
