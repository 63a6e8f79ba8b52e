package org.medley.runtime.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/** The answers to a chat, as OpenAI has them. */
final class ChatReply implements Reply {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final String id = "chatcmpl-" + UUID.randomUUID();
    private final long created = System.currentTimeMillis() / 1000;
    private final String model;
    private final TokenTexts logprobs;
    private final boolean usage;
    private final List<Choice> choices = new ArrayList<>();

    /** One answer so far. */
    private static final class Choice {
        final AnswerReader reader;
        final StringBuilder content = new StringBuilder();
        final StringBuilder reasoning = new StringBuilder();
        final ArrayNode calls = NODES.arrayNode();
        final List<StringBuilder> arguments = new ArrayList<>();
        final ArrayNode logprobs = NODES.arrayNode();
        String reason;

        Choice(AnswerReader reader) {
            this.reader = reader;
        }
    }

    /**
     * @param logprobs what writes log-probabilities, or null if none are asked for
     * @param usage whether a last chunk tells the tokens used
     */
    ChatReply(String model, int answers, Supplier<AnswerReader> reader, TokenTexts logprobs, boolean usage) {
        this.model = model;
        this.logprobs = logprobs;
        this.usage = usage;
        for (int i = 0; i < answers; i++) {
            choices.add(new Choice(reader.get()));
        }
    }

    private ObjectNode body(String object) {
        return NODES.objectNode()
                .put("id", id)
                .put("object", object)
                .put("created", created)
                .put("model", model);
    }

    private ObjectNode chunk(int index, ObjectNode delta, String reason) {
        ObjectNode body = body("chat.completion.chunk");
        ObjectNode choice = body.putArray("choices").addObject().put("index", index);
        choice.set("delta", delta);
        choice.put("finish_reason", reason);
        return body;
    }

    @Override
    public List<ObjectNode> begin() {
        List<ObjectNode> chunks = new ArrayList<>();
        for (int i = 0; i < choices.size(); i++) {
            chunks.add(chunk(i, NODES.objectNode().put("role", "assistant").put("content", ""), null));
        }
        return chunks;
    }

    @Override
    public List<ObjectNode> piece(AnswerEvents.Piece piece) {
        Choice choice = choices.get(piece.index());
        List<ObjectNode> chunks = parts(piece.index(), choice, choice.reader.read(piece.text()));
        if (logprobs != null) {
            ArrayNode told = NODES.arrayNode();
            piece.tokens().forEach(token -> told.add(logprobs.chat(token)));
            choice.logprobs.addAll(told);
            if (chunks.isEmpty()) {
                chunks.add(chunk(piece.index(), NODES.objectNode().put("content", ""), null));
            }
            ((ObjectNode) chunks.getFirst().path("choices").path(0))
                    .putObject("logprobs")
                    .set("content", told);
        }
        return chunks;
    }

    private List<ObjectNode> parts(int index, Choice choice, List<AnswerReader.Part> parts) {
        List<ObjectNode> chunks = new ArrayList<>();
        for (AnswerReader.Part part : parts) {
            chunks.add(chunk(index, delta(choice, part), null));
        }
        return chunks;
    }

    private static ObjectNode delta(Choice choice, AnswerReader.Part part) {
        ObjectNode delta = NODES.objectNode();
        switch (part) {
            case AnswerReader.Content content -> {
                choice.content.append(content.text());
                delta.put("content", content.text());
            }
            case AnswerReader.Reasoning reasoning -> {
                choice.reasoning.append(reasoning.text());
                delta.put("reasoning_content", reasoning.text());
            }
            case AnswerReader.CallBegin call -> {
                choice.arguments.add(new StringBuilder());
                choice.calls
                        .addObject()
                        .put("id", call.id())
                        .put("type", "function")
                        .putObject("function")
                        .put("name", call.name());
                delta.putArray("tool_calls")
                        .addObject()
                        .put("index", call.index())
                        .put("id", call.id())
                        .put("type", "function")
                        .putObject("function")
                        .put("name", call.name())
                        .put("arguments", "");
            }
            case AnswerReader.Arguments more -> {
                choice.arguments.get(more.index()).append(more.text());
                delta.putArray("tool_calls")
                        .addObject()
                        .put("index", more.index())
                        .putObject("function")
                        .put("arguments", more.text());
            }
        }
        return delta;
    }

    @Override
    public List<ObjectNode> end(AnswerEvents.End end) {
        Choice choice = choices.get(end.index());
        List<ObjectNode> chunks = parts(end.index(), choice, choice.reader.rest());
        boolean calls = choice.reader.called() && end.reason().name().equals("stop");
        choice.reason = calls ? "tool_calls" : end.reason().name();
        chunks.add(chunk(end.index(), NODES.objectNode(), choice.reason));
        return chunks;
    }

    @Override
    public List<ObjectNode> finish(Used used) {
        if (!usage) {
            return List.of();
        }
        ObjectNode body = body("chat.completion.chunk");
        body.putArray("choices");
        used.write(body.putObject("usage"));
        return List.of(body);
    }

    @Override
    public List<ObjectNode> failed(ApiException fault) {
        return List.of(NODES.objectNode().set("error", fault.error()));
    }

    @Override
    public ObjectNode whole(Used used) {
        ObjectNode body = body("chat.completion");
        ArrayNode all = body.putArray("choices");
        for (int i = 0; i < choices.size(); i++) {
            Choice choice = choices.get(i);
            ObjectNode node = all.addObject().put("index", i);
            ObjectNode message = node.putObject("message").put("role", "assistant");
            message.put(
                    "content", choice.calls.isEmpty() || !choice.content.isEmpty() ? choice.content.toString() : null);
            if (!choice.reasoning.isEmpty()) {
                message.put("reasoning_content", choice.reasoning.toString());
            }
            for (int c = 0; c < choice.calls.size(); c++) {
                ((ObjectNode) choice.calls.path(c).path("function"))
                        .put("arguments", choice.arguments.get(c).toString());
            }
            if (!choice.calls.isEmpty()) {
                message.set("tool_calls", choice.calls);
            }
            if (logprobs != null) {
                node.putObject("logprobs").set("content", choice.logprobs);
            }
            node.put("finish_reason", choice.reason);
        }
        used.write(body.putObject("usage"));
        return body;
    }
}
