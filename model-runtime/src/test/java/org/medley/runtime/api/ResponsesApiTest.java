package org.medley.runtime.api;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.models.responses.FunctionTool;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseFunctionToolCall;
import com.openai.models.responses.ResponseStreamEvent;
import com.openai.models.responses.ToolChoiceFunction;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.specification.RequestSpecification;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
@QuarkusTestResource(OpenAiApiTest.Models.class)
class ResponsesApiTest {
    private static final String KEY = "test-key-of-sixteen";
    private static final ObjectMapper JSON = new ObjectMapper();

    @ConfigProperty(name = "quarkus.http.test-port")
    int port;

    private OpenAIClient client() {
        return OpenAIOkHttpClient.builder()
                .apiKey(KEY)
                .baseUrl("http://localhost:" + port + "/v1")
                .build();
    }

    private static RequestSpecification caller() {
        return given().header("Authorization", "Bearer " + KEY).contentType("application/json");
    }

    private static ResponseCreateParams.Builder hello() {
        return ResponseCreateParams.builder()
                .model("tiny")
                .instructions("be brief")
                .input("hello")
                .temperature(0.0)
                .maxOutputTokens(16);
    }

    private static ResponseCreateParams forced() {
        FunctionTool tool = FunctionTool.builder()
                .name("record_age")
                .strict(true)
                .parameters(FunctionTool.Parameters.builder()
                        .putAdditionalProperty("type", JsonValue.from("object"))
                        .putAdditionalProperty("properties", JsonValue.from(Map.of("age", Map.of("type", "integer"))))
                        .putAdditionalProperty("required", JsonValue.from(List.of("age")))
                        .putAdditionalProperty("additionalProperties", JsonValue.from(false))
                        .build())
                .build();
        return hello().maxOutputTokens(100)
                .addTool(tool)
                .toolChoice(ToolChoiceFunction.builder().name("record_age").build())
                .build();
    }

    private static String text(Response response) {
        return response.output().stream()
                .flatMap(item -> item.message().stream())
                .flatMap(message -> message.content().stream())
                .map(part -> part.asOutputText().text())
                .collect(Collectors.joining());
    }

    @Test
    void openAisClientReadsTextWholeAndStreamed() {
        Response whole = client().responses().create(hello().build());
        assertThat(whole.validate().id()).startsWith("resp_");
        var usage = whole.usage().orElseThrow();
        assertThat(usage.outputTokens()).isBetween(1L, 16L);
        assertThat(usage.totalTokens()).isEqualTo(usage.inputTokens() + usage.outputTokens());
        StringBuilder deltas = new StringBuilder();
        Response last = null;
        try (StreamResponse<ResponseStreamEvent> stream = client().responses().createStreaming(hello().build())) {
            for (ResponseStreamEvent event : stream.stream().toList()) {
                event.outputTextDelta().ifPresent(delta -> deltas.append(delta.delta()));
                last = event.completed()
                        .map(completed -> completed.response())
                        .or(() -> event.incomplete().map(incomplete -> incomplete.response()))
                        .orElse(last);
            }
        }
        assertThat(deltas.toString()).isEqualTo(text(whole));
        assertThat(text(last)).isEqualTo(text(whole));
        assertThat(last.usage().orElseThrow().outputTokens()).isEqualTo(usage.outputTokens());
    }

    @Test
    void openAisClientReadsAForcedCallWholeAndStreamed() throws Exception {
        Response whole = client().responses().create(forced());
        assertThat(whole.output()).hasSize(1);
        ResponseFunctionToolCall call = whole.output().getFirst().asFunctionCall();
        assertThat(call.name()).isEqualTo("record_age");
        assertThat(call.callId()).startsWith("call_");
        assertThat(JSON.readTree(call.arguments()).get("age").isIntegralNumber())
                .isTrue();
        StringBuilder deltas = new StringBuilder();
        List<String> done = new ArrayList<>();
        try (StreamResponse<ResponseStreamEvent> stream = client().responses().createStreaming(forced())) {
            stream.stream().forEach(event -> {
                event.functionCallArgumentsDelta().ifPresent(delta -> deltas.append(delta.delta()));
                event.functionCallArgumentsDone().ifPresent(all -> done.add(all.arguments()));
            });
        }
        assertThat(deltas.toString()).isEqualTo(call.arguments());
        assertThat(done).containsExactly(call.arguments());
    }

    @Test
    void eventsComeInTheirOrderAndAreCounted() throws Exception {
        String stream = caller().body("{\"model\":\"tiny\",\"input\":\"hello\",\"max_output_tokens\":8,"
                        + "\"temperature\":0,\"stream\":true}")
                .post("/v1/responses")
                .then()
                .statusCode(200)
                .header("X-Medley-Model", "tiny")
                .contentType(containsString("text/event-stream"))
                .extract()
                .asString();
        List<String> names = new ArrayList<>();
        for (String event : stream.split("\n\n")) {
            String[] lines = event.split("\n");
            JsonNode data = JSON.readTree(lines[1].substring("data: ".length()));
            assertThat(lines[0]).isEqualTo("event: " + data.get("type").asText());
            assertThat(data.get("sequence_number").asInt()).isEqualTo(names.size());
            names.add(data.get("type").asText());
        }
        names.removeIf("response.output_text.delta"::equals);
        assertThat(names.subList(0, 7))
                .containsExactly(
                        "response.created",
                        "response.in_progress",
                        "response.output_item.added",
                        "response.content_part.added",
                        "response.output_text.done",
                        "response.content_part.done",
                        "response.output_item.done");
        assertThat(names).hasSize(8);
        assertThat(names.getLast()).matches("response\\.(completed|incomplete)");
    }

    @Test
    void anAnswerCutShortSaysSo() {
        caller().body("{\"model\":\"tiny\",\"input\":\"hello\",\"max_output_tokens\":40,\"temperature\":0,"
                        + "\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"n\",\"schema\":"
                        + "{\"type\":\"string\",\"minLength\":90}}}}")
                .post("/v1/responses")
                .then()
                .statusCode(200)
                .body("status", equalTo("incomplete"))
                .body("incomplete_details.reason", equalTo("max_output_tokens"))
                .body("output[0].status", equalTo("incomplete"))
                .body("usage.output_tokens", equalTo(40));
    }

    @Test
    void theFormatThatWasAskedForIsKept() throws Exception {
        String text = caller().body("{\"model\":\"tiny\",\"input\":\"hello\",\"max_output_tokens\":100,\"text\":"
                        + "{\"format\":{\"type\":\"json_schema\",\"name\":\"n\",\"schema\":{\"type\":\"object\","
                        + "\"properties\":{\"sex\":{\"enum\":[\"f\",\"m\"]}},\"required\":[\"sex\"],"
                        + "\"additionalProperties\":false}}}}")
                .post("/v1/responses")
                .then()
                .statusCode(200)
                .body("status", equalTo("completed"))
                .body("text.format.name", equalTo("n"))
                .extract()
                .path("output[0].content[0].text");
        assertThat(JSON.readTree(text).get("sex").asText()).isIn("f", "m");
    }

    @Test
    void aConversationWithACallAndItsResultIsUnderstood() {
        String before = "{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"age?\"}]},"
                + "{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[]},"
                + "{\"type\":\"function_call\",\"call_id\":\"c1\",\"name\":\"look\",\"arguments\":\"{}\"}";
        String after = ",{\"type\":\"function_call_output\",\"call_id\":\"c1\",\"output\":\"42 years\"}";
        int without = prompt(before);
        assertThat(prompt(before + after)).isGreaterThanOrEqualTo(without + "42 years".length());
    }

    private static int prompt(String items) {
        return caller().body("{\"model\":\"tiny\",\"max_output_tokens\":2,\"input\":[" + items + "]}")
                .post("/v1/responses")
                .then()
                .statusCode(200)
                .extract()
                .path("usage.input_tokens");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'input':'a','previous_response_id':'resp_1' | previous_response_id | nothing is stored here",
                "'input':'a','background':true | background | background is true",
                "'temperature':0 | input | input is missing",
                "'input':[] | input | there are 0",
                "'input':[{'type':'item_reference','id':'x'}] | input[0].type | 'item_reference'",
                "'input':[{'role':'wizard','content':'a'}] | input[0].role | 'wizard'",
                "'input':[{'role':'user','content':[{'type':'input_image'}]}] | input[0].content | not text",
                "'input':[{'type':'function_call_output','output':'a'}] | input[0].call_id | is missing",
                "'input':'a','max_output_tokens':0 | max_output_tokens | is 0",
                "'input':'a','top_p':7 | top_p | top_p is 7.0",
                "'input':'a','tools':[{'type':'web_search'}] | tools[0].type | 'web_search'",
                "'input':'a','tools':[{'type':'function','name':'a b'}] | tools[0].name | tools[0].name is 'a b'",
                "'input':'a','text':{'format':{'type':'xml'}} | text.format | text.format.type is 'xml'"
            })
    void refusalsNameTheField(String fields, String param, String message) {
        caller().body("{\"model\":\"tiny\"," + fields.replace('\'', '"') + "}")
                .post("/v1/responses")
                .then()
                .statusCode(400)
                .body("error.param", equalTo(param))
                .body("error.message", containsString(message));
    }

    @Test
    void tooLongAnInputAndAnUnknownModelAreRefused() {
        caller().body("{\"model\":\"tiny\",\"input\":\"" + "x".repeat(1100) + "\"}")
                .post("/v1/responses")
                .then()
                .statusCode(400)
                .body("error.param", equalTo("input"));
        caller().body("{\"model\":\"none\",\"input\":\"a\"}")
                .post("/v1/responses")
                .then()
                .statusCode(404);
        given().contentType("application/json")
                .body("{\"model\":\"tiny\",\"input\":\"a\"}")
                .post("/v1/responses")
                .then()
                .statusCode(401);
    }
}
