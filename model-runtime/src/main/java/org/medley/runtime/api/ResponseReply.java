package org.medley.runtime.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.ToIntFunction;
import org.medley.runtime.engine.TokenListener.FinishReason;

/** The answer in OpenAI's Responses API: items that are thoughts, text or calls, each told from its begin to its end. */
final class ResponseReply implements Reply {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final ObjectNode head;
    private final AnswerReader reader;
    private final ToIntFunction<String> count;
    private final ArrayNode output = NODES.arrayNode();
    private final StringBuilder thoughts = new StringBuilder();
    private Item open;
    private int sequence;
    private FinishReason reason;

    /** What an item holds; text kinds have one part of content. */
    private enum Kind {
        MESSAGE("message", "msg_", "output_text"),
        REASONING("reasoning", "rs_", "reasoning_text"),
        CALL("function_call", "fc_", "function_call_arguments");

        final String type;
        final String prefix;
        final String events;

        Kind(String type, String prefix, String events) {
            this.type = type;
            this.prefix = prefix;
            this.events = events;
        }
    }

    private record Item(Kind kind, int index, ObjectNode node, StringBuilder text) {
        String id() {
            return node.get("id").textValue();
        }

        ObjectNode part() {
            ObjectNode part = NODES.objectNode().put("type", kind.events).put("text", text.toString());
            if (kind == Kind.MESSAGE) {
                part.putArray("annotations");
                part.putArray("logprobs");
            }
            return part;
        }
    }

    /**
     * @param head what every state of the response says
     * @param count how many tokens a text has
     */
    ResponseReply(ObjectNode head, AnswerReader reader, ToIntFunction<String> count) {
        this.head = head;
        this.reader = reader;
        this.count = count;
        head.put("id", id("resp_")).put("created_at", System.currentTimeMillis() / 1000);
    }

    private static String id(String prefix) {
        return prefix + UUID.randomUUID().toString().replace("-", "");
    }

    private ObjectNode event(String type) {
        return NODES.objectNode().put("type", type).put("sequence_number", sequence++);
    }

    private ObjectNode event(String type, Item item) {
        ObjectNode event = event(type).put("item_id", item.id()).put("output_index", item.index());
        return item.kind() == Kind.CALL ? event : event.put("content_index", 0);
    }

    private ObjectNode itemEvent(String type, Item item) {
        ObjectNode event = event(type).put("output_index", item.index());
        event.set("item", item.node().deepCopy());
        return event;
    }

    private ObjectNode stateEvent(String type, String status, Used used) {
        ObjectNode event = event(type);
        event.set("response", state(status, used));
        return event;
    }

    /** @param used null while that is not known */
    private ObjectNode state(String status, Used used) {
        ObjectNode state = head.deepCopy().put("status", status).putNull("error");
        if (status.equals("incomplete")) {
            String why = reason == FinishReason.length ? "max_output_tokens" : reason.name();
            state.putObject("incomplete_details").put("reason", why);
        } else {
            state.putNull("incomplete_details");
        }
        state.set("output", output.deepCopy());
        if (used == null) {
            return state.putNull("usage");
        }
        ObjectNode usage = state.putObject("usage")
                .put("input_tokens", used.prompt())
                .put("output_tokens", used.completion())
                .put("total_tokens", used.prompt() + used.completion());
        // Prompts are kept as they come; no request pays for that, so none is told.
        usage.putObject("input_tokens_details")
                .put("cached_tokens", used.cached())
                .put("cache_write_tokens", 0);
        usage.putObject("output_tokens_details")
                .put("reasoning_tokens", thoughts.isEmpty() ? 0 : count.applyAsInt(thoughts.toString()));
        return state;
    }

    @Override
    public List<ObjectNode> begin() {
        return List.of(
                stateEvent("response.created", "in_progress", null),
                stateEvent("response.in_progress", "in_progress", null));
    }

    @Override
    public List<ObjectNode> piece(AnswerEvents.Piece piece) {
        return parts(reader.read(piece.text()));
    }

    private List<ObjectNode> parts(List<AnswerReader.Part> parts) {
        List<ObjectNode> events = new ArrayList<>();
        for (AnswerReader.Part part : parts) {
            switch (part) {
                case AnswerReader.Content content -> more(events, Kind.MESSAGE, content.text());
                case AnswerReader.Reasoning reasoning -> {
                    thoughts.append(reasoning.text());
                    more(events, Kind.REASONING, reasoning.text());
                }
                case AnswerReader.CallBegin call -> {
                    close(events, "completed");
                    ObjectNode node = node(Kind.CALL);
                    node.put("call_id", call.id()).put("name", call.name()).put("arguments", "");
                    open(events, Kind.CALL, node);
                }
                case AnswerReader.Arguments arguments -> delta(events, arguments.text());
            }
        }
        return events;
    }

    private void more(List<ObjectNode> events, Kind kind, String text) {
        if (open == null || open.kind() != kind) {
            close(events, "completed");
            ObjectNode node = node(kind);
            if (kind == Kind.MESSAGE) {
                node.put("role", "assistant");
            } else {
                node.putArray("summary");
            }
            node.putArray("content");
            open(events, kind, node);
        }
        delta(events, text);
    }

    private static ObjectNode node(Kind kind) {
        return NODES.objectNode()
                .put("id", id(kind.prefix))
                .put("type", kind.type)
                .put("status", "in_progress");
    }

    private void open(List<ObjectNode> events, Kind kind, ObjectNode node) {
        open = new Item(kind, output.size(), node, new StringBuilder());
        output.add(node);
        events.add(itemEvent("response.output_item.added", open));
        if (kind != Kind.CALL) {
            ObjectNode event = event("response.content_part.added", open);
            event.set("part", open.part());
            events.add(event);
        }
    }

    private void delta(List<ObjectNode> events, String text) {
        open.text().append(text);
        ObjectNode event =
                event("response." + open.kind().events + ".delta", open).put("delta", text);
        if (open.kind() == Kind.MESSAGE) {
            event.putArray("logprobs");
        }
        events.add(event);
    }

    /** Ends the item that is being written, if there is one. */
    private void close(List<ObjectNode> events, String status) {
        if (open == null) {
            return;
        }
        String text = open.text().toString();
        ObjectNode done = event("response." + open.kind().events + ".done", open);
        events.add(done);
        if (open.kind() == Kind.CALL) {
            done.put("name", open.node().get("name").textValue()).put("arguments", text);
            open.node().put("arguments", text);
        } else {
            done.put("text", text);
            if (open.kind() == Kind.MESSAGE) {
                done.putArray("logprobs");
            }
            ObjectNode part = event("response.content_part.done", open);
            part.set("part", open.part());
            events.add(part);
            open.node().withArrayProperty("content").add(open.part());
        }
        open.node().put("status", status);
        events.add(itemEvent("response.output_item.done", open));
        open = null;
    }

    @Override
    public List<ObjectNode> end(AnswerEvents.End end) {
        reason = end.reason();
        List<ObjectNode> events = parts(reader.rest());
        if (output.isEmpty()) {
            more(events, Kind.MESSAGE, "");
        }
        close(events, status());
        return events;
    }

    private String status() {
        return reason == FinishReason.stop ? "completed" : "incomplete";
    }

    @Override
    public List<ObjectNode> finish(Used used) {
        return List.of(stateEvent("response." + status(), status(), used));
    }

    /** What is being written ends unfinished; then come {@code error} and the failed response, as OpenAI orders them. */
    @Override
    public List<ObjectNode> failed(ApiException fault) {
        List<ObjectNode> events = new ArrayList<>();
        close(events, "incomplete");
        events.add(event("error")
                .put("code", fault.type())
                .put("message", fault.getMessage())
                .putNull("param"));
        ObjectNode failed = stateEvent("response.failed", "failed", null);
        ((ObjectNode) failed.get("response"))
                .putObject("error")
                .put("code", fault.type())
                .put("message", fault.getMessage());
        events.add(failed);
        return events;
    }

    @Override
    public ObjectNode whole(Used used) {
        return state(status(), used);
    }
}
