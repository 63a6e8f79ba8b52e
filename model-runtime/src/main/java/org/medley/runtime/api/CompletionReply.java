package org.medley.runtime.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.medley.runtime.engine.TokenListener.Candidate;
import org.medley.runtime.engine.TokenListener.Chosen;

/** Continuations of texts, as OpenAI's older endpoint has them. */
final class CompletionReply implements Reply {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final String id = "cmpl-" + UUID.randomUUID();
    private final long created = System.currentTimeMillis() / 1000;
    private final String model;
    private final TokenTexts logprobs;
    private final boolean usage;
    private final List<Choice> choices = new ArrayList<>();

    private static final class Choice {
        final StringBuilder text = new StringBuilder();
        final ObjectNode logprobs = emptyLogprobs();
        String reason;
    }

    /**
     * @param echoes for each answer the text that comes before it, empty for none
     * @param logprobs what writes log-probabilities, or null if none are asked for
     * @param usage whether a last chunk tells the tokens used
     */
    CompletionReply(String model, List<String> echoes, TokenTexts logprobs, boolean usage) {
        this.model = model;
        this.logprobs = logprobs;
        this.usage = usage;
        for (String echo : echoes) {
            Choice choice = new Choice();
            choice.text.append(echo);
            choices.add(choice);
        }
    }

    private static ObjectNode emptyLogprobs() {
        ObjectNode node = NODES.objectNode();
        for (String list : new String[] {"text_offset", "token_logprobs", "tokens", "top_logprobs"}) {
            node.putArray(list);
        }
        return node;
    }

    private ObjectNode body() {
        return NODES.objectNode()
                .put("id", id)
                .put("object", "text_completion")
                .put("created", created)
                .put("model", model);
    }

    private ObjectNode chunk(int index, String text, ObjectNode told, String reason) {
        ObjectNode body = body();
        ObjectNode choice =
                body.putArray("choices").addObject().put("index", index).put("text", text);
        choice.set("logprobs", told);
        choice.put("finish_reason", reason);
        return body;
    }

    @Override
    public List<ObjectNode> begin() {
        List<ObjectNode> chunks = new ArrayList<>();
        for (int i = 0; i < choices.size(); i++) {
            if (!choices.get(i).text.isEmpty()) {
                chunks.add(chunk(i, choices.get(i).text.toString(), null, null));
            }
        }
        return chunks;
    }

    @Override
    public List<ObjectNode> piece(AnswerEvents.Piece piece) {
        Choice choice = choices.get(piece.index());
        ObjectNode told = null;
        if (logprobs != null) {
            told = emptyLogprobs();
            int offset = choice.text.length();
            for (Chosen token : piece.tokens()) {
                offset = tell(told, token, offset);
            }
            for (var list : told.properties()) {
                ((ArrayNode) choice.logprobs.path(list.getKey())).addAll((ArrayNode) list.getValue());
            }
        }
        choice.text.append(piece.text());
        return List.of(chunk(piece.index(), piece.text(), told, null));
    }

    private int tell(ObjectNode lists, Chosen token, int offset) {
        String text = logprobs.text(token.token());
        ((ArrayNode) lists.path("tokens")).add(text);
        ((ArrayNode) lists.path("token_logprobs")).add(token.logprob());
        ((ArrayNode) lists.path("text_offset")).add(offset);
        ObjectNode top = ((ArrayNode) lists.path("top_logprobs")).addObject();
        for (Candidate candidate : token.top()) {
            top.put(logprobs.text(candidate.token()), candidate.logprob());
        }
        return offset + text.length();
    }

    @Override
    public List<ObjectNode> end(AnswerEvents.End end) {
        choices.get(end.index()).reason = end.reason().name();
        return List.of(chunk(end.index(), "", null, end.reason().name()));
    }

    @Override
    public List<ObjectNode> finish(Used used) {
        if (!usage) {
            return List.of();
        }
        ObjectNode body = body();
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
        ObjectNode body = body();
        ArrayNode all = body.putArray("choices");
        for (int i = 0; i < choices.size(); i++) {
            Choice choice = choices.get(i);
            ObjectNode node = all.addObject().put("index", i).put("text", choice.text.toString());
            node.set("logprobs", logprobs == null ? NODES.nullNode() : choice.logprobs);
            node.put("finish_reason", choice.reason);
        }
        used.write(body.putObject("usage"));
        return body;
    }
}
