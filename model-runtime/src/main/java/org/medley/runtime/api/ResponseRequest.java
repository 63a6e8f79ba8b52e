package org.medley.runtime.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** A request of the Responses API, told as the chat that it asks for. */
final class ResponseRequest {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final int MOST_ITEMS = 4096;
    private static final List<String> STORED = List.of("previous_response_id", "conversation", "prompt");
    private static final List<String> SAME =
            List.of("temperature", "top_p", "tool_choice", "parallel_tool_calls", "seed", "chat_template_kwargs");

    private ResponseRequest() {}

    /** The fields of a chat with the same meaning. */
    static Fields chat(Fields in) {
        for (String name : STORED) {
            if (in.has(name)) {
                throw ApiException.invalid(
                        name, name + " refers to what is stored; nothing is stored here, send all of it as input");
            }
        }
        if (in.flag("background", false)) {
            throw ApiException.invalid("background", "background is true; answers come at once only");
        }
        ObjectNode chat = NODES.objectNode();
        for (String name : SAME) {
            if (in.has(name)) {
                chat.set(name, in.node(name));
            }
        }
        int tokens = in.integer("max_output_tokens", -1, 1, 1 << 20);
        if (tokens > 0) {
            chat.put("max_completion_tokens", tokens);
        }
        Fields text = in.object("text");
        if (text != null && text.has("format")) {
            chat.set("response_format", text.node("format"));
        }
        messages(in, chat.putArray("messages"));
        tools(in, chat);
        return Fields.of(chat, "");
    }

    /** What a refusal of the chat calls a field, as this API calls it. */
    static String name(String text) {
        return text.replace("response_format", "text.format")
                .replace("max_completion_tokens", "max_output_tokens")
                .replace("].function.", "].")
                .replace("messages", "input");
    }

    /** What each state of the response repeats of the request. */
    static ObjectNode echo(Fields in, String model) {
        ObjectNode head = NODES.objectNode()
                .put("object", "response")
                .put("model", model)
                .put("instructions", in.text("instructions"))
                .put("temperature", in.number("temperature", 1))
                .put("top_p", in.number("top_p", 1))
                .put("parallel_tool_calls", in.flag("parallel_tool_calls", true))
                .put("max_output_tokens", in.integer("max_output_tokens"))
                .put("store", false);
        head.set("tools", in.has("tools") ? in.node("tools") : NODES.arrayNode());
        head.set("tool_choice", in.has("tool_choice") ? in.node("tool_choice") : NODES.textNode("auto"));
        Fields text = in.object("text");
        JsonNode format = text == null ? null : text.node("format");
        head.putObject("text").set("format", format == null ? NODES.objectNode().put("type", "text") : format);
        head.set("metadata", in.has("metadata") ? in.node("metadata") : NODES.objectNode());
        return head;
    }

    private static void messages(Fields in, ArrayNode messages) {
        if (in.has("instructions")) {
            messages.addObject().put("role", "system").put("content", in.text("instructions"));
        }
        JsonNode input = in.node("input");
        if (input == null) {
            throw ApiException.invalid("input", "input is missing");
        }
        if (input.isTextual()) {
            messages.addObject().put("role", "user").put("content", input.textValue());
            return;
        }
        if (!input.isArray()) {
            throw in.wrong("input", input, "a string or an array of items");
        }
        if (input.isEmpty() || input.size() > MOST_ITEMS) {
            throw ApiException.invalid(
                    "input", "input must hold 1 to " + MOST_ITEMS + " items; there are " + input.size());
        }
        for (int i = 0; i < input.size(); i++) {
            item(Fields.of(input.get(i), "input[" + i + "]"), messages);
        }
    }

    private static void item(Fields item, ArrayNode messages) {
        String type = item.has("type") ? item.text("type") : "message";
        switch (type) {
            case "message" -> message(item, messages);
            case "function_call" -> call(item, messages);
            case "function_call_output" ->
                messages.addObject()
                        .put("role", "tool")
                        .put("tool_call_id", item.requiredText("call_id"))
                        .put("content", content(item, "output"));
            case "reasoning" -> {
                // What a model thought is no part of the conversation that it sees again.
            }
            default ->
                throw ApiException.invalid(
                        item.path("type"),
                        item.path("type") + " is '" + type
                                + "'; message, function_call, function_call_output and reasoning are possible");
        }
    }

    private static void message(Fields item, ArrayNode messages) {
        String role = item.text("role");
        if (role == null || !role.matches("system|developer|user|assistant")) {
            throw ApiException.invalid(
                    item.path("role"),
                    item.path("role") + " is '" + role + "'; system, developer, user and assistant are possible");
        }
        messages.addObject().put("role", role).put("content", content(item, "content"));
    }

    private static String content(Fields item, String name) {
        if (!item.has(name)) {
            throw ApiException.invalid(item.path(name), item.path(name) + " is missing");
        }
        return Messages.text(item.path(name), item.node(name));
    }

    /** Calls belong to the assistant's turn before them, or make one. */
    private static void call(Fields item, ArrayNode messages) {
        JsonNode last = messages.path(messages.size() - 1);
        ObjectNode turn = last.path("role").asText().equals("assistant")
                ? (ObjectNode) last
                : messages.addObject().put("role", "assistant").putNull("content");
        String arguments = item.text("arguments");
        turn.withArrayProperty("tool_calls")
                .addObject()
                .put("id", item.requiredText("call_id"))
                .put("type", "function")
                .putObject("function")
                .put("name", item.requiredText("name"))
                .put("arguments", arguments == null ? "{}" : arguments);
    }

    /** Functions stand flat here and one level deeper in a chat. */
    private static void tools(Fields in, ObjectNode chat) {
        List<JsonNode> tools = in.array("tools");
        ArrayNode functions = NODES.arrayNode();
        for (int i = 0; i < tools.size(); i++) {
            Fields tool = Fields.of(tools.get(i), "tools[" + i + "]");
            String type = tool.requiredText("type");
            if (!type.equals("function")) {
                throw ApiException.invalid(
                        tool.path("type"), tool.path("type") + " is '" + type + "'; only function is possible");
            }
            ObjectNode function = functions.addObject().put("type", "function").putObject("function");
            function.put("name", tool.requiredText("name"));
            for (String name : List.of("description", "parameters", "strict")) {
                if (tool.has(name)) {
                    function.set(name, tool.node(name));
                }
            }
        }
        if (!functions.isEmpty()) {
            chat.set("tools", functions);
        }
    }
}
