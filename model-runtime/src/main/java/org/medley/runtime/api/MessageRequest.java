package org.medley.runtime.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** A request of Anthropic's Messages API, told as the chat that it asks for. */
final class MessageRequest {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final int MOST = 4096;
    private static final List<String> SAME =
            List.of("max_tokens", "temperature", "top_p", "top_k", "chat_template_kwargs");

    private MessageRequest() {}

    /** The fields of a chat with the same meaning. */
    static Fields chat(Fields in) {
        ObjectNode chat = NODES.objectNode();
        for (String name : SAME) {
            if (in.has(name)) {
                chat.set(name, in.node(name));
            }
        }
        ArrayNode stops = NODES.arrayNode();
        in.texts("stop_sequences").forEach(stops::add);
        chat.set("stop", stops);
        ArrayNode turns = chat.putArray("messages");
        if (in.has("system")) {
            turns.addObject().put("role", "system").put("content", Messages.text("system", in.node("system")));
        }
        List<JsonNode> messages = in.array("messages");
        if (messages.isEmpty() || messages.size() > MOST) {
            throw ApiException.invalid(
                    "messages", "messages must hold 1 to " + MOST + " messages; there are " + messages.size());
        }
        for (int i = 0; i < messages.size(); i++) {
            message(Fields.of(messages.get(i), "messages[" + i + "]"), turns);
        }
        tools(in, chat);
        choice(in, chat);
        return Fields.of(chat, "");
    }

    /** What a refusal of the chat calls a field, as this API calls it. */
    static String name(String text) {
        return text.replace("].function.", "].").replaceFirst("^stop\\b", "stop_sequences");
    }

    private static void message(Fields in, ArrayNode turns) {
        String role = in.text("role");
        if (role == null || !role.matches("user|assistant")) {
            throw ApiException.invalid(
                    in.path("role"), in.path("role") + " is '" + role + "'; user and assistant are possible");
        }
        JsonNode content = in.node("content");
        if (content != null && content.isTextual()) {
            turns.addObject().put("role", role).put("content", content.textValue());
            return;
        }
        List<JsonNode> blocks = in.array("content");
        if (blocks.isEmpty()) {
            throw ApiException.invalid(
                    in.path("content"), in.path("content") + " must be a string or an array of blocks");
        }
        ObjectNode turn = null;
        for (int i = 0; i < blocks.size(); i++) {
            turn = block(Fields.of(blocks.get(i), in.path("content[" + i + "]")), role, turn, turns);
        }
    }

    /**
     * Adds a block to its turn; a tool's result is a turn of its own.
     *
     * @param turn that blocks before it are in, or null
     * @return the turn for the next block, or null
     */
    private static ObjectNode block(Fields in, String role, ObjectNode turn, ArrayNode turns) {
        String type = in.requiredText("type");
        boolean user = role.equals("user");
        if (type.equals("text")) {
            ObjectNode to = turn(role, turn, turns);
            String text = in.text("text");
            if (text == null) {
                throw ApiException.invalid(in.path("text"), in.path("text") + " is missing");
            }
            return to.put("content", to.path("content").asText("") + text);
        }
        if (user && type.equals("tool_result")) {
            turns.addObject()
                    .put("role", "tool")
                    .put("tool_call_id", in.requiredText("tool_use_id"))
                    .put("content", in.has("content") ? Messages.text(in.path("content"), in.node("content")) : "");
            return null;
        }
        if (!user && type.equals("tool_use")) {
            Fields input = in.object("input");
            ObjectNode to = turn(role, turn, turns);
            to.withArrayProperty("tool_calls")
                    .addObject()
                    .put("id", in.requiredText("id"))
                    .put("type", "function")
                    .putObject("function")
                    .put("name", in.requiredText("name"))
                    .put("arguments", input == null ? "{}" : in.node("input").toString());
            return to;
        }
        if (!user && type.matches("(redacted_)?thinking")) {
            // What a model thought is no part of the conversation that it sees again.
            return turn(role, turn, turns);
        }
        throw ApiException.invalid(
                in.path("type"),
                in.path("type") + " is '" + type + "'; text and " + (user ? "tool_result" : "tool_use, thinking")
                        + " are possible in a message of role " + role);
    }

    private static ObjectNode turn(String role, ObjectNode turn, ArrayNode turns) {
        return turn == null ? turns.addObject().put("role", role).put("content", "") : turn;
    }

    private static void tools(Fields in, ObjectNode chat) {
        List<JsonNode> tools = in.array("tools");
        ArrayNode functions = NODES.arrayNode();
        for (int i = 0; i < tools.size(); i++) {
            Fields tool = Fields.of(tools.get(i), "tools[" + i + "]");
            String type = tool.has("type") ? tool.text("type") : "custom";
            if (!type.equals("custom")) {
                throw ApiException.invalid(
                        tool.path("type"), tool.path("type") + " is '" + type + "'; only custom is possible");
            }
            ObjectNode function = functions.addObject().put("type", "function").putObject("function");
            function.put("name", tool.requiredText("name"));
            if (tool.has("description")) {
                function.put("description", tool.text("description"));
            }
            if (tool.object("input_schema") != null) {
                function.set("parameters", tool.node("input_schema"));
            }
        }
        if (!functions.isEmpty()) {
            chat.set("tools", functions);
        }
    }

    private static void choice(Fields in, ObjectNode chat) {
        Fields choice = in.object("tool_choice");
        if (choice == null) {
            return;
        }
        String type = choice.requiredText("type");
        chat.put("parallel_tool_calls", !choice.flag("disable_parallel_tool_use", false));
        switch (type) {
            case "auto", "none" -> chat.put("tool_choice", type);
            case "any" -> chat.put("tool_choice", "required");
            case "tool" -> chat.putObject("tool_choice").put("name", choice.requiredText("name"));
            default ->
                throw ApiException.invalid(
                        "tool_choice.type",
                        "tool_choice.type is '" + type + "'; auto, any, tool and none are possible");
        }
    }
}
