package org.medley.runtime.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.ArrayList;
import java.util.List;
import org.medley.runtime.grammar.Syntax;
import org.medley.runtime.text.ChatTemplate;

/**
 * The functions that a model may call, and how it is held to calling them well: what it writes behind the words that
 * begin a call is bound to a function's name and its parameters' schema.
 *
 * @param functions an array of {@code {type, function: {name, description, parameters}}}
 * @param choice whether it may, must or must not call
 */
record Tools(ArrayNode functions, Choice choice, boolean parallel, CallFormat format) {
    private static final int MOST = 128;
    private static final int MOST_CALLS = 4;

    enum Choice {
        AUTO,
        REQUIRED,
        NONE
    }

    /** Null if the request has no tools. */
    static Tools of(Fields in, ChatTemplate template) {
        List<JsonNode> given = in.array("tools");
        if (given.isEmpty()) {
            return null;
        }
        if (given.size() > MOST) {
            throw ApiException.invalid(
                    "tools", "tools holds " + given.size() + " functions; " + MOST + " are possible");
        }
        ArrayNode functions = JsonNodeFactory.instance.arrayNode();
        for (int i = 0; i < given.size(); i++) {
            Fields tool = Fields.of(given.get(i), "tools[" + i + "]");
            Fields function = tool.object("function");
            if (!"function".equals(tool.text("type")) || function == null) {
                throw ApiException.invalid(
                        tool.path("type"), tool.path("type") + " must be function, with a function beside it");
            }
            String name = function.requiredText("name");
            if (!name.matches("[A-Za-z0-9_.-]{1,64}")) {
                throw ApiException.invalid(
                        function.path("name"),
                        function.path("name") + " is '" + name
                                + "'; up to 64 letters, digits, _, . and - are possible");
            }
            functions.add(given.get(i));
        }
        boolean parallel = in.flag("parallel_tool_calls", true);
        return choose(in, functions, parallel, CallFormat.of(template));
    }

    private static Tools choose(Fields in, ArrayNode functions, boolean parallel, CallFormat format) {
        JsonNode choice = in.node("tool_choice");
        if (choice == null || choice.asText().equals("auto")) {
            return new Tools(functions, Choice.AUTO, parallel, format);
        }
        if (choice.asText().equals("none")) {
            return new Tools(functions, Choice.NONE, parallel, format);
        }
        if (choice.asText().equals("required")) {
            return new Tools(functions, Choice.REQUIRED, parallel, format);
        }
        String name =
                choice.path("function").path("name").asText(choice.path("name").asText(""));
        for (JsonNode function : functions) {
            if (function.path("function").path("name").asText().equals(name)) {
                ArrayNode only = JsonNodeFactory.instance.arrayNode().add(function);
                return new Tools(only, Choice.REQUIRED, false, format);
            }
        }
        throw ApiException.invalid(
                "tool_choice",
                "tool_choice is " + choice + "; auto, none, required or a function among the tools is possible");
    }

    /** What the answer has to look like; null if anything goes. */
    Syntax syntax() {
        return switch (choice) {
            case NONE -> null;
            case AUTO -> format.free(call(), parallel);
            case REQUIRED -> format.calls(call(), parallel ? MOST_CALLS : 1);
        };
    }

    private Syntax call() {
        List<Syntax> options = new ArrayList<>();
        for (JsonNode tool : functions) {
            JsonNode function = tool.path("function");
            JsonNode parameters = function.path("parameters");
            Syntax arguments = parameters.isObject() && !parameters.isEmpty()
                    ? new Syntax.JsonSchema(parameters.toString())
                    : new Syntax.JsonObject();
            options.add(format.call(function.path("name").asText(), arguments));
        }
        return new Syntax.Alternatives(options);
    }
}
