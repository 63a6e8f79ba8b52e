package org.medley.runtime.api;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.startsWith;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;
import org.medley.runtime.engine.TinyEncoder;
import org.medley.runtime.engine.TinyModel;
import org.medley.runtime.weights.EmbeddingSettings;

@QuarkusTest
@QuarkusTestResource(OpenAiApiTest.Models.class)
class OpenAiApiTest {
    private static final String KEY = "test-key-of-sixteen";

    @ConfigProperty(name = "quarkus.http.test-port")
    int port;

    /** Two models, one whose texts begin with BOS, and a broken one. */
    public static final class Models implements QuarkusTestResourceLifecycleManager {
        @Override
        public Map<String, String> start() {
            try {
                Path root = Files.createTempDirectory("medley-models");
                TinyModel.write(root.resolve("tiny"), 5);
                TinyModel.write(root.resolve("other"), 6);
                Files.writeString(
                        TinyModel.write(root.resolve("begins"), 8).resolve("tokenizer_config.json"),
                        "{\"bos_token\":\"<|endoftext|>\",\"add_bos_token\":true,\"chat_template\":"
                                + "\"{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}\"}");
                EmbeddingSettings.Pooling.MEAN.write(TinyEncoder.write(root.resolve("zy-encoder"), false, 8));
                TinyEncoder.write(root.resolve("zy-ranker"), true, 9);
                Path broken = TinyModel.write(root.resolve("zz-broken"), 7).resolve("model.safetensors");
                byte[] bytes = Files.readAllBytes(broken);
                Files.write(broken, java.util.Arrays.copyOf(bytes, bytes.length - 100));
                return Map.of(
                        "medley.runtime.models",
                        root.toString(),
                        "medley.runtime.api-key",
                        KEY,
                        "quarkus.http.limits.max-body-size",
                        "1M");
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
        given().header("Authorization", "Bearer wrong")
                .get("/v1/models")
                .then()
                .statusCode(401)
                .header("WWW-Authenticate", "Bearer")
                .body("error.code", equalTo("invalid_api_key"))
                .body("error.message", containsString("Authorization: Bearer KEY"));
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

    private static String person() {
        return """
                {"type":"object","properties":{"age":{"type":"integer","minimum":0,"maximum":120},\
                "sex":{"enum":["f","m"]}},"required":["age","sex"],"additionalProperties":false}""";
    }

    private static String tools() {
        return """
                ,"max_tokens":120,"tools":[{"type":"function","function":{"name":"record_person","description":"d",\
                "parameters":%s}},{"type":"function","function":{"name":"wait","parameters":{"type":"object",\
                "properties":{},"additionalProperties":false}}}]""".formatted(person());
    }

    @Test
    void anAnswerHasTheFormatThatWasAskedFor() throws Exception {
        ObjectMapper json = new ObjectMapper();
        String schema = ",\"max_tokens\":200,\"response_format\":{\"type\":\"json_schema\",\"json_schema\":"
                + "{\"name\":\"person\",\"schema\":" + person() + "}}";
        String content = caller().body(body(schema))
                .post("/v1/chat/completions")
                .then()
                .statusCode(200)
                .body("choices[0].finish_reason", equalTo("stop"))
                .extract()
                .path("choices[0].message.content");
        JsonNode person = json.readTree(content);
        assertThat(person.get("age").asInt()).isBetween(0, 120);
        assertThat(person.get("sex").asText()).isIn("f", "m");
        String choice = caller().body(body(",\"structured_outputs\":{\"choice\":[\"yes\",\"no\"]}"))
                .post("/v1/chat/completions")
                .then()
                .statusCode(200)
                .extract()
                .path("choices[0].message.content");
        assertThat(choice).isIn("yes", "no");
        caller().body(body(",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":"
                        + "{\"type\":\"string\",\"not\":{}}}}"))
                .post("/v1/chat/completions")
                .then()
                .statusCode(400)
                .body("error.param", equalTo("response_format"))
                .body("error.message", containsString("not"));
    }

    @Test
    void aForcedCallIsMadeAndItsArgumentsFitTheirSchema() throws Exception {
        String forced = tools() + ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"record_person\"}}";
        Response whole = caller().body(body(forced)).post("/v1/chat/completions");
        assertThat(whole.statusCode()).isEqualTo(200);
        JsonNode choice = new ObjectMapper().readTree(whole.asString()).at("/choices/0");
        assertThat(choice.get("finish_reason").asText()).isEqualTo("tool_calls");
        assertThat(choice.at("/message/content").isNull()).isTrue();
        assertThat(choice.at("/message/tool_calls")).hasSize(1);
        assertThat(choice.at("/message/tool_calls/0/function/name").asText()).isEqualTo("record_person");
        String arguments = choice.at("/message/tool_calls/0/function/arguments").asText();
        assertThat(new ObjectMapper().readTree(arguments).get("age").isInt()).isTrue();
        StringBuilder streamed = new StringBuilder();
        int heads = 0;
        for (String event : caller().body(body(forced + ",\"stream\":true"))
                .post("/v1/chat/completions")
                .asString()
                .split("\n\n")) {
            if (event.startsWith("data: {")) {
                JsonNode call = new ObjectMapper().readTree(event.substring(6)).at("/choices/0/delta/tool_calls/0");
                heads += call.has("id") ? 1 : 0;
                streamed.append(call.at("/function/arguments").asText(""));
            }
        }
        assertThat(heads).isEqualTo(1);
        assertThat(streamed.toString()).isEqualTo(arguments);
        caller().body(body(tools() + ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"fly\"}}"))
                .post("/v1/chat/completions")
                .then()
                .statusCode(400)
                .body("error.param", equalTo("tool_choice"));
    }

    @Test
    void aConversationWithACallAndItsResultIsUnderstood() {
        caller().body("""
                {"model":"tiny","max_tokens":4,"messages":[{"role":"user","content":"age?"},
                {"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function",
                "function":{"name":"look","arguments":"{}"}}]},
                {"role":"tool","tool_call_id":"call_1","content":"42"}]%s}""".formatted(tools().substring(17)))
                .post("/v1/chat/completions")
                .then()
                .statusCode(200)
                .body("choices[0].message.role", equalTo("assistant"));
    }

    @Test
    void severalAnswersAndLogprobsComeAsAskedFor() throws Exception {
        Response response = caller().body(
                        body(",\"n\":3,\"temperature\":1,\"seed\":4,\"logprobs\":true,\"top_logprobs\":2"))
                .post("/v1/chat/completions");
        JsonNode body = new ObjectMapper().readTree(response.asString());
        assertThat(body.get("choices")).hasSize(3);
        JsonNode first = body.at("/choices/0/logprobs/content/0");
        assertThat(first.get("logprob").asDouble()).isNegative();
        assertThat(first.get("top_logprobs")).hasSize(2);
        assertThat(first.get("bytes")).hasSize(1);
        assertThat(body.at("/usage/completion_tokens").asInt())
                .isEqualTo(body.at("/usage/total_tokens").asInt()
                        - body.at("/usage/prompt_tokens").asInt());
        caller().body(
                        "{\"model\":\"tiny\",\"prompt\":[\"ab\",[70,71,72]],\"n\":2,\"echo\":true,\"max_tokens\":3,\"logprobs\":1}")
                .post("/v1/completions")
                .then()
                .statusCode(200)
                .body("choices.size()", equalTo(4))
                .body("choices[1].text", org.hamcrest.Matchers.startsWith("ab"))
                .body("choices[3].logprobs.token_logprobs.size()", org.hamcrest.Matchers.greaterThan(0))
                .body("usage.prompt_tokens", equalTo(5));
    }

    @Test
    void tokensAreToldAndTurnedBack() {
        java.util.List<Integer> tokens = caller().body("{\"model\":\"tiny\",\"prompt\":\"Grüße\"}")
                .post("/v1/tokenize")
                .then()
                .statusCode(200)
                .body("count", equalTo(7))
                .body("max_model_len", equalTo(1024))
                .extract()
                .path("tokens");
        caller().body("{\"model\":\"tiny\",\"tokens\":" + tokens + "}")
                .post("/v1/detokenize")
                .then()
                .statusCode(200)
                .body("prompt", equalTo("Grüße"));
    }

    private static java.util.List<Integer> tokens(String fields) {
        return caller().body("{\"model\":\"begins\"," + fields.replace('\'', '"') + "}")
                .post("/v1/tokenize")
                .then()
                .statusCode(200)
                .extract()
                .path("tokens");
    }

    @Test
    void textsBeginWithBosAndChatsWriteTheirOwn() {
        int bos = 0;
        java.util.List<Integer> plain = tokens("'prompt':'abc','add_special_tokens':false");
        assertThat(plain).hasSize(3).doesNotContain(bos);
        assertThat(tokens("'prompt':'abc'")).hasSize(4).startsWith(bos).endsWith(plain.toArray(Integer[]::new));
        String turns = "'messages':[{'role':'user','content':'abc'}]";
        assertThat(tokens(turns))
                .isEqualTo(tokens("'prompt':'abc'"))
                .isEqualTo(tokens(turns + ",'add_special_tokens':true"));
        caller().body("{\"model\":\"begins\"," + turns.replace('\'', '"') + ",\"max_tokens\":1}")
                .post("/v1/chat/completions")
                .then()
                .statusCode(200)
                .body("usage.prompt_tokens", equalTo(4));
        caller().body("{\"model\":\"begins\",\"prompt\":[\"abc\",\"<|endoftext|>abc\"," + plain + "],\"max_tokens\":1}")
                .post("/v1/completions")
                .then()
                .statusCode(200)
                .body("usage.prompt_tokens", equalTo(4 + 4 + 3));
        caller().body("{\"model\":\"begins\",\"prompt\":\"a\",\"add_special_tokens\":1}")
                .post("/v1/tokenize")
                .then()
                .statusCode(400)
                .body("error.param", equalTo("add_special_tokens"));
    }

    @Test
    void enginesAreMeasuredUnderTheirUsualNames() {
        caller().body(body("")).post("/v1/chat/completions").then().statusCode(200);
        for (String path : java.util.List.of("/q/metrics", "/metrics")) {
            given().get(path).then().statusCode(401);
            Response answer = caller().get(path);
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.asString())
                    .contains("vllm:num_requests_running{")
                    .contains("vllm:prompt_tokens_total{")
                    .contains("vllm:time_to_first_token_seconds_bucket{")
                    .contains("vllm:request_success_total{")
                    .contains("medley_engine_requests_total{");
        }
    }

    @Test
    void prometheusGetsItsTextFormat() {
        given().header("Authorization", "Bearer " + KEY)
                .header("Accept", "text/plain;version=0.0.4,*/*;q=0.1")
                .get("/metrics")
                .then()
                .statusCode(200)
                .contentType(startsWith("text/plain"))
                .contentType(containsString("version=0.0.4"));
    }

    /** What the server says to a request of which it has to read only the head to refuse it. */
    private String refusal(String path, int length) throws Exception {
        try (Socket socket = new Socket("localhost", port)) {
            OutputStream out = socket.getOutputStream();
            out.write(("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + KEY
                            + "\r\nContent-Type: application/json\r\nContent-Length: " + length + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            out.flush();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void tooLargeABodyIsRefusedInTheShapeOfTheApi() throws Exception {
        int tooLong = (1 << 20) + 1;
        for (String path : java.util.List.of("/v1/chat/completions", "/v1/responses", "/rerank")) {
            String[] answer = refusal(path, tooLong).split("\r\n\r\n");
            assertThat(answer[0]).startsWith("HTTP/1.1 413 ").containsIgnoringCase("connection: close");
            JsonNode error = new ObjectMapper().readTree(answer[1]).get("error");
            assertThat(error.get("message").asText())
                    .isEqualTo("the body has 1048577 bytes; at most 1048576 are possible");
            assertThat(error.get("type").asText()).isEqualTo("invalid_request_error");
            assertThat(error.get("code").asText()).isEqualTo("request_too_large");
        }
        String[] answer = refusal("/v1/messages", tooLong).split("\r\n\r\n");
        assertThat(answer[0]).startsWith("HTTP/1.1 413 ");
        JsonNode body = new ObjectMapper().readTree(answer[1]);
        assertThat(body.get("type").asText()).isEqualTo("error");
        assertThat(body.at("/error/type").asText()).isEqualTo("request_too_large");
    }

    @Test
    void refusalsHaveOpenAisShape() {
        caller().body("{\"model\":")
                .post("/v1/chat/completions")
                .then()
                .statusCode(400)
                .body("error.message", containsString("the body is not valid JSON"));
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
        caller().body(body("").replace("hello", "x".repeat(1100)))
                .post("/v1/chat/completions")
                .then()
                .statusCode(400)
                .body("error.message", containsString("tokens; model tiny takes at most 1023"));
        caller().body(body("").replace("tiny", "zz-broken"))
                .post("/v1/chat/completions")
                .then()
                .statusCode(503)
                .body("error.message", containsString("model.safetensors"));
    }
}
