package org.medley.runtime.api;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItems;

import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;
import org.medley.runtime.engine.TinyModel;

@QuarkusTest
@QuarkusTestResource(OpenAiApiTest.Models.class)
class OpenAiApiTest {
    private static final String KEY = "test-key-of-sixteen";

    @ConfigProperty(name = "quarkus.http.test-port")
    int port;

    /** Two models and a broken one. */
    public static final class Models implements QuarkusTestResourceLifecycleManager {
        @Override
        public Map<String, String> start() {
            try {
                Path root = Files.createTempDirectory("medley-models");
                TinyModel.write(root.resolve("tiny"), 5);
                TinyModel.write(root.resolve("other"), 6);
                Path broken = TinyModel.write(root.resolve("zz-broken"), 7).resolve("model.safetensors");
                byte[] bytes = Files.readAllBytes(broken);
                Files.write(broken, java.util.Arrays.copyOf(bytes, bytes.length - 100));
                return Map.of("medley.runtime.models", root.toString(), "medley.runtime.api-key", KEY);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public void stop() {}
    }

    private static RequestSpecification caller() {
        return given().header("Authorization", "Bearer " + KEY).contentType("application/json");
    }

    private static String body(String more) {
        return "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}],\"max_tokens\":8,"
                + "\"temperature\":0" + more + "}";
    }

    @Test
    void nobodyGetsInWithoutTheKey() {
        given().contentType("application/json")
                .body(body(""))
                .post("/v1/chat/completions")
                .then()
                .statusCode(401);
        given().header("Authorization", "Bearer wrong").get("/v1/models").then().statusCode(401);
        given().get("/q/health/ready").then().statusCode(200);
    }

    @Test
    void chatAnswersWholeAndStreamed() {
        String whole = caller().body(body(""))
                .post("/v1/chat/completions")
                .then()
                .statusCode(200)
                .body("object", equalTo("chat.completion"))
                .body("model", equalTo("tiny"))
                .extract()
                .path("choices[0].message.content");
        Response streamed = caller().body(body(",\"stream\":true,\"stream_options\":{\"include_usage\":true}"))
                .post("/v1/chat/completions");
        assertThat(streamed.contentType()).startsWith("text/event-stream");
        String[] events = streamed.asString().split("\n\n");
        assertThat(events[0]).startsWith("data: {").contains("\"role\":\"assistant\"");
        assertThat(events[events.length - 1]).isEqualTo("data: [DONE]");
        assertThat(events[events.length - 2]).contains("\"choices\":[]").contains("\"total_tokens\"");
        StringBuilder text = new StringBuilder();
        for (String event : events) {
            if (event.contains("\"delta\":{\"content\"")) {
                String content = io.restassured.path.json.JsonPath.from(event.substring(6))
                        .get("choices[0].delta.content");
                text.append(content);
            }
        }
        assertThat(text.toString()).isEqualTo(whole);
    }

    @Test
    void langChain4jTalksToItUnchanged() throws Exception {
        String url = "http://localhost:" + port + "/v1";
        OpenAiChatModel model = OpenAiChatModel.builder()
                .baseUrl(url)
                .apiKey(KEY)
                .modelName("tiny")
                .temperature(0.0)
                .maxTokens(8)
                .build();
        String whole = model.chat("hello");
        CompletableFuture<ChatResponse> done = new CompletableFuture<>();
        StringBuilder pieces = new StringBuilder();
        OpenAiStreamingChatModel.builder()
                .baseUrl(url)
                .apiKey(KEY)
                .modelName("tiny")
                .temperature(0.0)
                .maxTokens(8)
                .build()
                .chat(java.util.List.of(UserMessage.from("hello")), new StreamingChatResponseHandler() {
                    @Override
                    public void onPartialResponse(String piece) {
                        pieces.append(piece);
                    }

                    @Override
                    public void onCompleteResponse(ChatResponse response) {
                        done.complete(response);
                    }

                    @Override
                    public void onError(Throwable error) {
                        done.completeExceptionally(error);
                    }
                });
        ChatResponse response = done.get(30, TimeUnit.SECONDS);
        assertThat(pieces.toString()).isEqualTo(whole);
        assertThat(response.tokenUsage().outputTokenCount()).isPositive();
    }

    @Test
    void completionsEmbeddingsAndModelsAnswer() {
        caller().body("{\"model\":\"other\",\"prompt\":\"abc\",\"max_tokens\":4,\"seed\":3}")
                .post("/v1/completions")
                .then()
                .statusCode(200)
                .body("object", equalTo("text_completion"))
                .body("usage.prompt_tokens", equalTo(3));
        caller().body("{\"model\":\"bge-small-en-v1.5-q\",\"input\":[\"chest pain\",\"headache\"]}")
                .post("/v1/embeddings")
                .then()
                .statusCode(200)
                .body("data.size()", equalTo(2))
                .body("data[1].embedding.size()", equalTo(384));
        caller().get("/v1/models").then().statusCode(200).body("data.id", hasItems("tiny", "other"));
    }

    @Test
    void refusalsHaveOpenAisShape() {
        caller().body(body("").replace("tiny", "none"))
                .post("/v1/chat/completions")
                .then()
                .statusCode(404)
                .body("error.code", equalTo("model_not_found"))
                .body("error.param", equalTo("model"));
        caller().body(body(",\"top_p\":7"))
                .post("/v1/chat/completions")
                .then()
                .statusCode(400)
                .body("error.param", equalTo("top_p"))
                .body("error.message", containsString("top_p is 7.0"));
        caller().body(body("").replace("\"user\"", "\"wizard\""))
                .post("/v1/chat/completions")
                .then()
                .statusCode(400)
                .body("error.message", containsString("messages[0].role is 'wizard'"));
        caller().body(body("").replace("hello", "x".repeat(600)))
                .post("/v1/chat/completions")
                .then()
                .statusCode(400)
                .body("error.message", containsString("tokens; model tiny takes at most 511"));
        caller().body(body("").replace("tiny", "zz-broken"))
                .post("/v1/chat/completions")
                .then()
                .statusCode(503)
                .body("error.message", containsString("model.safetensors"));
    }
}
