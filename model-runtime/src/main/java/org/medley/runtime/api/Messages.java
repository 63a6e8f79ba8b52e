package org.medley.runtime.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.medley.runtime.text.ChatTemplate.Message;

/** The turns of a conversation, as chat requests have them. */
final class Messages {
    private static final int MOST = 4096;

    private Messages() {}

    static List<Message> of(Fields in) {
        List<JsonNode> messages = in.array("messages");
        if (messages.isEmpty() || messages.size() > MOST) {
            throw ApiException.invalid(
                    "messages", "messages must hold 1 to " + MOST + " messages; there are " + messages.size());
        }
        List<Message> turns = new ArrayList<>();
        for (int i = 0; i < messages.size(); i++) {
            turns.add(message(Fields.of(messages.get(i), "messages[" + i + "]")));
        }
        return turns;
    }

    private static Message message(Fields in) {
        String role = in.text("role");
        if (role == null || !role.matches("system|developer|user|assistant|tool")) {
            throw ApiException.invalid(
                    in.path("role"), in.path("role") + " is '" + role + "'; system, user, assistant or tool");
        }
        String content = in.has("content") ? text(in.path("content"), in.node("content")) : null;
        JsonNode calls = in.node("tool_calls");
        boolean calling = role.equals("assistant") && calls != null && !calls.isEmpty();
        if (content == null && !calling) {
            throw ApiException.invalid(
                    in.path("content"), in.path("content") + " must be a string or an array of text parts");
        }
        if (calling) {
            checkCalls(in);
        }
        return new Message(
                role.equals("developer") ? "system" : role,
                content,
                calling ? calls : null,
                in.text("tool_call_id"),
                in.text("name"));
    }

    private static void checkCalls(Fields in) {
        List<JsonNode> calls = in.array("tool_calls");
        for (int i = 0; i < calls.size(); i++) {
            Fields call = Fields.of(calls.get(i), in.path("tool_calls[" + i + "]"));
            Fields function = call.object("function");
            if (function == null) {
                throw ApiException.invalid(call.path("function"), call.path("function") + " is missing");
            }
            function.requiredText("name");
            function.text("arguments");
        }
    }

    /** A message's text: a string, or parts of type text. */
    static String text(String at, JsonNode content) {
        if (content.isTextual()) {
            return content.asText();
        }
        if (content.isArray()) {
            StringBuilder text = new StringBuilder();
            for (JsonNode part : content) {
                String type = part.path("type").asText();
                if (!type.matches("text|input_text|output_text")
                        || !part.path("text").isTextual()) {
                    throw ApiException.invalid(at, at + " holds a part that is not text; only text is understood");
                }
                text.append(part.get("text").asText());
            }
            return text.toString();
        }
        throw ApiException.invalid(at, at + " must be a string or an array of text parts");
    }
}
