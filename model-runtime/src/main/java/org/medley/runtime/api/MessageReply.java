package org.medley.runtime.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.medley.runtime.engine.TokenListener.FinishReason;

/** The answer in Anthropic's Messages API: blocks that are thoughts, text or uses of tools, one after the other. */
final class MessageReply implements Reply {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final String id = "msg_" + UUID.randomUUID().toString().replace("-", "");
    private final String model;
    private final AnswerReader reader;
    private final int promptTokens;
    private final ArrayNode content = NODES.arrayNode();
    private final StringBuilder text = new StringBuilder();
    private Kind open;
    private int index = -1;
    private String reason;
    /** The stop sequence that was met, or null. */
    private String stop;

    /** What a block holds, and what its text is called in the block and in deltas. */
    private enum Kind {
        TEXT("text", "text", "text_delta", "text"),
        THINKING("thinking", "thinking", "thinking_delta", "thinking"),
        TOOL("tool_use", "input", "input_json_delta", "partial_json");

        final String type;
        final String field;
        final String delta;
        final String piece;

        Kind(String type, String field, String delta, String piece) {
            this.type = type;
            this.field = field;
            this.delta = delta;
            this.piece = piece;
        }
    }

    MessageReply(String model, AnswerReader reader, int promptTokens) {
        this.model = model;
        this.reader = reader;
        this.promptTokens = promptTokens;
    }

    private ObjectNode message() {
        ObjectNode message = NODES.objectNode()
                .put("id", id)
                .put("type", "message")
                .put("role", "assistant")
                .put("model", model)
                .put("stop_reason", reason)
                .put("stop_sequence", stop);
        message.set("content", content.deepCopy());
        return message;
    }

    private static ObjectNode event(String type) {
        return NODES.objectNode().put("type", type);
    }

    @Override
    public List<ObjectNode> begin() {
        ObjectNode message = message();
        message.putObject("usage").put("input_tokens", promptTokens).put("output_tokens", 0);
        ObjectNode event = event("message_start");
        event.set("message", message);
        return List.of(event);
    }

    @Override
    public List<ObjectNode> piece(AnswerEvents.Piece piece) {
        return parts(reader.read(piece.text()));
    }

    private List<ObjectNode> parts(List<AnswerReader.Part> parts) {
        List<ObjectNode> events = new ArrayList<>();
        for (AnswerReader.Part part : parts) {
            switch (part) {
                case AnswerReader.Content more -> more(events, Kind.TEXT, more.text());
                case AnswerReader.Reasoning more -> more(events, Kind.THINKING, more.text());
                case AnswerReader.CallBegin call -> {
                    ObjectNode block =
                            event(Kind.TOOL.type).put("id", call.id()).put("name", call.name());
                    block.putObject("input");
                    open(events, Kind.TOOL, block);
                }
                case AnswerReader.Arguments more -> delta(events, more.text());
            }
        }
        return events;
    }

    private void more(List<ObjectNode> events, Kind kind, String more) {
        if (open != kind) {
            ObjectNode block = event(kind.type).put(kind.field, "");
            open(events, kind, kind == Kind.THINKING ? block.put("signature", "") : block);
        }
        delta(events, more);
    }

    private void open(List<ObjectNode> events, Kind kind, ObjectNode block) {
        close(events);
        open = kind;
        index++;
        content.add(block);
        ObjectNode event = event("content_block_start").put("index", index);
        event.set("content_block", block.deepCopy());
        events.add(event);
    }

    private void delta(List<ObjectNode> events, String more) {
        text.append(more);
        ObjectNode event = event("content_block_delta").put("index", index);
        event.putObject("delta").put("type", open.delta).put(open.piece, more);
        events.add(event);
    }

    /** Ends the block that is being written, if there is one. A call cut short is left out: its input is no JSON. */
    private void close(List<ObjectNode> events) {
        if (open == null) {
            return;
        }
        ObjectNode block = (ObjectNode) content.get(content.size() - 1);
        if (open == Kind.TOOL) {
            try {
                block.set(open.field, JSON.readTree(text.toString()));
            } catch (JsonProcessingException cutShort) {
                content.remove(content.size() - 1);
            }
        } else {
            block.put(open.field, text.toString());
        }
        text.setLength(0);
        open = null;
        events.add(event("content_block_stop").put("index", index));
    }

    @Override
    public List<ObjectNode> end(AnswerEvents.End end) {
        List<ObjectNode> events = parts(reader.rest());
        close(events);
        stop = end.stop();
        if (end.reason() != FinishReason.stop) {
            reason = "max_tokens";
        } else if (stop != null) {
            reason = "stop_sequence";
        } else {
            reason = reader.called() ? "tool_use" : "end_turn";
        }
        return events;
    }

    @Override
    public List<ObjectNode> finish(Used used) {
        ObjectNode event = event("message_delta");
        event.putObject("delta").put("stop_reason", reason).put("stop_sequence", stop);
        usage(event, used);
        return List.of(event, event("message_stop"));
    }

    @Override
    public List<ObjectNode> failed(ApiException fault) {
        ObjectNode event = event("error");
        event.putObject("error")
                .put("type", Refusals.anthropicType(fault.status()))
                .put("message", fault.getMessage());
        return List.of(event);
    }

    @Override
    public ObjectNode whole(Used used) {
        ObjectNode message = message();
        usage(message, used);
        return message;
    }

    /** Here the tokens that were cached are not among the input's. */
    private static void usage(ObjectNode node, Used used) {
        node.putObject("usage")
                .put("input_tokens", used.prompt() - used.cached())
                .put("cache_read_input_tokens", used.cached())
                .put("cache_creation_input_tokens", 0)
                .put("output_tokens", used.completion());
    }
}
