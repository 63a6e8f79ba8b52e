package org.medley.runtime.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.openai.core.ObjectMappers;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseStatus;
import com.openai.models.responses.ResponseStreamEvent;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.medley.runtime.engine.Engine;
import org.medley.runtime.engine.TokenListener;

/** What clients read when a generation fails in the middle of its answer. */
class DeliveryTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** What only the server's log may tell. */
    private static final String CAUSE = "the page of the cache is gone";

    private static final String PROBLEM = "the generation failed; the server's log tells why";

    private final AtomicInteger cancelled = new AtomicInteger();

    private Delivery failing(Reply reply) {
        AnswerEvents events = new AnswerEvents();
        TokenListener listener = events.listeners(0, 1).getFirst();
        listener.text("Take ", List.of());
        listener.text("two", List.of());
        listener.failed(new IllegalStateException(CAUSE));
        List<Engine.Generation> generations = List.of(cancelled::incrementAndGet);
        return new Delivery(events, generations, reply, 1, 1);
    }

    private static Reply response() {
        return new ResponseReply(
                ResponseRequest.echo(Fields.parse("{\"input\":\"hello\"}"), "tiny"),
                new AnswerReader(null, false),
                String::length);
    }

    private static Reply message() {
        return new MessageReply("tiny", new AnswerReader(null, false), 3);
    }

    private static Reply chat() {
        return new ChatReply("tiny", 1, () -> new AnswerReader(null, false), null, true);
    }

    /** @param name null for none */
    private record Sent(String name, JsonNode data) {}

    private List<Sent> stream(Reply reply, boolean named, boolean done) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        failing(reply).stream(JSON, named, done).write(out);
        List<Sent> sent = new ArrayList<>();
        for (String event : out.toString(StandardCharsets.UTF_8).split("\n\n")) {
            String[] lines = event.split("\n");
            String name = lines.length == 2 ? lines[0].substring("event: ".length()) : null;
            sent.add(new Sent(name, JSON.readTree(lines[lines.length - 1].substring("data: ".length()))));
        }
        assertThat(cancelled).hasValue(1);
        return sent;
    }

    @Test
    void aResponseTellsTheErrorAndEndsFailedInEventsThatOpenAisClientKnows() throws Exception {
        List<Sent> sent = stream(response(), true, false);
        List<String> names = sent.stream().map(Sent::name).toList();
        assertThat(names).endsWith("response.output_item.done", "error", "response.failed");
        for (int i = 0; i < sent.size(); i++) {
            JsonNode data = sent.get(i).data();
            assertThat(data.get("type").asText()).isEqualTo(names.get(i));
            assertThat(data.get("sequence_number").asInt()).isEqualTo(i);
            ObjectMappers.jsonMapper()
                    .readValue(data.toString(), ResponseStreamEvent.class)
                    .validate();
        }
        ResponseStreamEvent error = ObjectMappers.jsonMapper()
                .readValue(sent.get(sent.size() - 2).data().toString(), ResponseStreamEvent.class);
        assertThat(error.asError().message()).isEqualTo(PROBLEM);
        assertThat(error.asError().code()).contains("server_error");
        Response last = ObjectMappers.jsonMapper()
                .readValue(sent.getLast().data().toString(), ResponseStreamEvent.class)
                .asFailed()
                .response();
        assertThat(last.status()).contains(ResponseStatus.FAILED);
        assertThat(last.error().orElseThrow().message()).isEqualTo(PROBLEM);
        var message = last.output().getFirst().asMessage();
        assertThat(message.status().toString()).isEqualTo("incomplete");
        assertThat(message.content().getFirst().asOutputText().text()).isEqualTo("Take two");
    }

    @Test
    void aMessageEndsWithAnthropicsErrorEvent() throws Exception {
        List<Sent> sent = stream(message(), true, false);
        assertThat(sent.stream().map(Sent::name))
                .containsExactly(
                        "message_start", "content_block_start", "content_block_delta", "content_block_delta", "error");
        JsonNode last = sent.getLast().data();
        assertThat(last.at("/type").asText()).isEqualTo("error");
        assertThat(last.at("/error/type").asText()).isEqualTo("api_error");
        assertThat(last.at("/error/message").asText()).isEqualTo(PROBLEM);
        assertThat(last.get("error")).hasSize(2);
    }

    @Test
    void aChatEndsWithOpenAisErrorAndIsNotDone() throws Exception {
        List<Sent> sent = stream(chat(), false, true);
        assertThat(sent).hasSize(4);
        JsonNode last = sent.getLast().data();
        assertThat(last.at("/error/message").asText()).isEqualTo(PROBLEM);
        assertThat(last.at("/error/type").asText()).isEqualTo("server_error");
    }

    @Test
    void aWholeAnswerIsRefusedInTheShapeOfItsApi() {
        for (Reply reply : List.of(response(), message(), chat())) {
            cancelled.set(0);
            assertThatThrownBy(() -> failing(reply).whole()).isInstanceOfSatisfying(ApiException.class, e -> {
                assertThat(e.status()).isEqualTo(503);
                JsonNode openAi = JSON.valueToTree(e.body("/v1/responses"));
                assertThat(openAi.at("/error/type").asText()).isEqualTo("server_error");
                assertThat(openAi.at("/error/message").asText()).isEqualTo(PROBLEM);
                JsonNode anthropic = JSON.valueToTree(e.body("/v1/messages"));
                assertThat(anthropic.at("/type").asText()).isEqualTo("error");
                assertThat(anthropic.at("/error/type").asText()).isEqualTo("api_error");
                assertThat(anthropic.at("/error/message").asText()).isEqualTo(PROBLEM);
            });
            assertThat(cancelled).hasValue(1);
        }
    }
}
