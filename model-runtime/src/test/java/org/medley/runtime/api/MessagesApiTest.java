package org.medley.runtime.api;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.nullValue;
import static org.hamcrest.Matchers.startsWith;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
@QuarkusTestResource(OpenAiApiTest.Models.class)
class MessagesApiTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String HELLO =
            "'max_tokens':12,'temperature':0,'system':'be brief','messages':[{'role':'user','content':'hello'}]";
    private static final String FORCED = HELLO.replace(":12,", ":100,")
            + ",'tools':[{'name':'record_age','input_schema':{'type':'object','properties':{'age':{'type':'integer'}},"
            + "'required':['age'],'additionalProperties':false}}],'tool_choice':{'type':'tool','name':'record_age'}";

    private static ValidatableResponse post(String path, String fields) {
        return given().header("Authorization", "Bearer test-key-of-sixteen")
                .contentType("application/json")
                .body(("{'model':'tiny'," + fields + "}").replace('\'', '"'))
                .post(path)
                .then();
    }

    private static List<JsonNode> events(String fields) throws Exception {
        String stream = post("/v1/messages", fields + ",'stream':true")
                .statusCode(200)
                .header("X-Medley-Model", "tiny")
                .contentType(containsString("text/event-stream"))
                .extract()
                .asString();
        List<JsonNode> events = new ArrayList<>();
        for (String event : stream.split("\n\n")) {
            String[] lines = event.split("\n");
            JsonNode data = JSON.readTree(lines[1].substring("data: ".length()));
            assertThat(lines[0]).isEqualTo("event: " + data.get("type").asText());
            events.add(data);
        }
        return events;
    }

    private static List<String> order(List<JsonNode> events) {
        List<String> names = new ArrayList<>();
        for (JsonNode event : events) {
            String name = event.get("type").asText();
            if (names.isEmpty() || !names.getLast().equals(name)) {
                names.add(name);
            }
        }
        return names;
    }

    @Test
    void textComesWholeAndStreamed() throws Exception {
        String text = post("/v1/messages", HELLO)
                .statusCode(200)
                .header("X-Medley-Model", "tiny")
                .body("id", startsWith("msg_"))
                .body("role", equalTo("assistant"))
                .body("content.size()", equalTo(1))
                .body("content[0].type", equalTo("text"))
                .extract()
                .path("content[0].text");
        List<JsonNode> events = events(HELLO);
        assertThat(order(events))
                .containsExactly(
                        "message_start",
                        "content_block_start",
                        "content_block_delta",
                        "content_block_stop",
                        "message_delta",
                        "message_stop");
        StringBuilder deltas = new StringBuilder();
        events.forEach(event -> deltas.append(event.at("/delta/text").asText("")));
        assertThat(deltas.toString()).isEqualTo(text);
        JsonNode last = events.get(events.size() - 2);
        assertThat(last.at("/delta/stop_reason").asText()).isIn("end_turn", "max_tokens");
        assertThat(last.at("/usage/output_tokens").asInt()).isBetween(1, 12);
        assertThat(last.at("/usage/input_tokens").asInt()
                        + last.at("/usage/cache_read_input_tokens").asInt())
                .isEqualTo(events.getFirst().at("/message/usage/input_tokens").asInt());
    }

    @Test
    void aForcedToolIsUsedWholeAndStreamed() throws Exception {
        JsonNode whole = JSON.readTree(
                post("/v1/messages", FORCED).statusCode(200).extract().asString());
        assertThat(whole.get("stop_reason").asText()).isEqualTo("tool_use");
        assertThat(whole.get("content")).hasSize(1);
        JsonNode use = whole.at("/content/0");
        assertThat(use.get("type").asText()).isEqualTo("tool_use");
        assertThat(use.get("name").asText()).isEqualTo("record_age");
        assertThat(use.at("/input/age").isIntegralNumber()).isTrue();
        StringBuilder deltas = new StringBuilder();
        for (JsonNode event : events(FORCED)) {
            deltas.append(event.at("/delta/partial_json").asText(""));
        }
        assertThat(JSON.readTree(deltas.toString())).isEqualTo(use.get("input"));
    }

    @Test
    void aToolsResultIsPartOfTheConversationAndCounted() {
        String use = "'messages':[{'role':'user','content':[{'type':'text','text':'age?'}]},"
                + "{'role':'assistant','content':[{'type':'thinking','thinking':'hm','signature':''},"
                + "{'type':'text','text':'I look'},{'type':'tool_use','id':'t1','name':'look','input':{}}]}";
        String result = ",{'role':'user','content':[{'type':'tool_result','tool_use_id':'t1','content':'42 years'},"
                + "{'type':'text','text':'so?'}]}";
        int without = post("/v1/messages/count_tokens", use + "]")
                .statusCode(200)
                .header("X-Medley-Model", "tiny")
                .extract()
                .path("input_tokens");
        int with = post("/v1/messages/count_tokens", use + result + "]")
                .statusCode(200)
                .extract()
                .path("input_tokens");
        assertThat(with).isGreaterThanOrEqualTo(without + "42 yearsso?".length());
        ValidatableResponse answer =
                post("/v1/messages", "'max_tokens':2," + use + result + "]").statusCode(200);
        int read = answer.extract().path("usage.input_tokens");
        int cached = answer.extract().path("usage.cache_read_input_tokens");
        assertThat(read + cached).isEqualTo(with);
    }

    @Test
    void anAnswerEndsBeforeAStopSequenceAndTellsWhich() throws Exception {
        String text = post("/v1/messages", HELLO)
                .body("stop_reason", not(equalTo("stop_sequence")))
                .body("stop_sequence", nullValue())
                .extract()
                .path("content[0].text");
        String stop = text.substring(2, 4);
        String fields = HELLO + ",'stop_sequences':['never said',"
                + JSON.getNodeFactory().textNode(stop) + "]";
        String cut = post("/v1/messages", fields)
                .statusCode(200)
                .body("stop_reason", equalTo("stop_sequence"))
                .body("stop_sequence", equalTo(stop))
                .extract()
                .path("content[0].text");
        assertThat(cut).isEqualTo(text.substring(0, text.indexOf(stop)));
        List<JsonNode> events = events(fields);
        JsonNode delta = events.get(events.size() - 2).get("delta");
        assertThat(delta.get("stop_reason").asText()).isEqualTo("stop_sequence");
        assertThat(delta.get("stop_sequence").asText()).isEqualTo(stop);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'messages':[{'role':'user','content':'a'}] | max_tokens is missing",
                "'max_tokens':0,'messages':[{'role':'user','content':'a'}] | max_tokens is 0",
                "'max_tokens':2,'messages':[] | there are 0",
                "'max_tokens':2,'messages':[{'role':'system','content':'a'}] | messages[0].role is 'system'",
                "'max_tokens':2,'messages':[{'role':'user','content':[{'type':'image'}]}] | content[0].type is 'image'",
                "'max_tokens':2,'messages':[{'role':'user','content':[{'type':'tool_result'}]}] | content[0].tool_use_id",
                "'max_tokens':2,'messages':[{'role':'user','content':'a'}],'top_p':7 | top_p is 7.0",
                "'max_tokens':2,'messages':[{'role':'user','content':'a'}],'tools':[{'name':'a b'}] | tools[0].name is 'a b'",
                "'max_tokens':2,'messages':[{'role':'user','content':'a'}],'tool_choice':{'type':'x'} | tool_choice.type is 'x'"
            })
    void refusalsHaveAnthropicsShape(String fields, String message) {
        post("/v1/messages", fields)
                .statusCode(400)
                .body("type", equalTo("error"))
                .body("error.type", equalTo("invalid_request_error"))
                .body("error.message", containsString(message));
    }

    @Test
    void unknownModelsAndStrangersAreRefused() {
        post("/v1/messages", HELLO + ",'model':'none'").statusCode(404).body("error.type", equalTo("not_found_error"));
        given().contentType("application/json")
                .body("{}")
                .post("/v1/messages")
                .then()
                .statusCode(401);
        given().contentType("application/json")
                .body("{}")
                .post("/v1/messages/count_tokens")
                .then()
                .statusCode(401)
                .body("error.type", equalTo("authentication_error"));
    }
}
