package org.medley.runtime.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Clock;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medley.runtime.text.jinja.Callable;
import org.medley.runtime.text.jinja.Template;
import org.medley.runtime.text.jinja.TemplateException;
import org.medley.runtime.weights.ModelSource;

/** A model's Jinja chat template. Without one, ChatML is used, which most open models are trained on. */
public final class ChatTemplate {
    public static final String CHATML =
            "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
                    + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final TypeReference<LinkedHashMap<String, Object>> MAP = new TypeReference<>() {};

    private final String source;
    private final ModelSource.SpecialTokens tokens;
    private final Clock clock;
    /** Null if the source is no template; a model may still complete texts without. */
    private final Template template;

    private final String problem;

    /**
     * One turn.
     *
     * @param content null where an answer is only calls
     * @param toolCalls what an assistant called, an array as the OpenAI API has it, or null
     * @param toolCallId which call a tool's turn answers, or null
     * @param name of the tool or speaker, or null
     */
    public record Message(String role, String content, JsonNode toolCalls, String toolCallId, String name) {
        public Message(String role, String content) {
            this(role, content, null, null, null);
        }

        Map<String, Object> toMap() {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("role", role);
            map.put("content", content);
            if (toolCalls != null && !toolCalls.isEmpty()) {
                map.put("tool_calls", JSON.convertValue(toolCalls, Object.class));
            }
            if (toolCallId != null) {
                map.put("tool_call_id", toolCallId);
            }
            if (name != null) {
                map.put("name", name);
            }
            return map;
        }
    }

    public ChatTemplate(String templateOrNull) {
        this(templateOrNull, new ModelSource.SpecialTokens("", ""));
    }

    public ChatTemplate(String templateOrNull, ModelSource.SpecialTokens tokens) {
        this(templateOrNull, tokens, Clock.systemDefaultZone());
    }

    ChatTemplate(String templateOrNull, ModelSource.SpecialTokens tokens, Clock clock) {
        this.source = templateOrNull == null ? CHATML : templateOrNull;
        this.tokens = tokens;
        this.clock = clock;
        Template parsed = null;
        String cause = null;
        try {
            parsed = Template.parse(source);
        } catch (TemplateException e) {
            cause = e.getMessage();
        }
        this.template = parsed;
        this.problem = cause;
    }

    /** The template of a model, with its tokens. */
    public static ChatTemplate of(ModelSource model) {
        return new ChatTemplate(model.chatTemplate(), model.specialTokens());
    }

    /** The text of the template, which shows what a model can be told: tools, thinking. */
    public String source() {
        return source;
    }

    /** The prompt text for these turns, ending where the assistant's answer begins if {@code answer}. */
    public String render(List<Message> messages, boolean answer) {
        return render(messages, null, answer, Map.of());
    }

    /**
     * @param tools the functions that may be called, an array as the OpenAI API has it, or null
     * @param options further names the template may ask for, such as {@code enable_thinking}
     * @throws IllegalArgumentException if the template fails, or refuses these turns
     */
    public String render(List<Message> messages, JsonNode tools, boolean answer, Map<String, Object> options) {
        return renderMaps(messages.stream().map(Message::toMap).toList(), tools, answer, options);
    }

    /** The same for turns with any fields, under the names that templates know them by. */
    public String renderMaps(
            List<Map<String, Object>> messages, JsonNode tools, boolean answer, Map<String, Object> options) {
        if (template == null) {
            throw new IllegalArgumentException("chat template failed: " + problem);
        }
        Map<String, Object> context = new HashMap<>(options);
        context.put(
                "messages", messages.stream().map(ChatTemplate::withParsedCalls).toList());
        context.put("tools", tools == null || tools.isEmpty() ? null : JSON.convertValue(tools, Object.class));
        context.put("documents", null);
        context.put("add_generation_prompt", answer);
        context.put("bos_token", tokens.bos());
        context.put("eos_token", tokens.eos());
        context.put("strftime_now", (Callable) this::now);
        try {
            return template.render(context);
        } catch (TemplateException e) {
            throw new IllegalArgumentException("chat template failed: " + e.getMessage(), e);
        }
    }

    private Object now(List<Object> arguments, Map<String, Object> named) {
        String format = arguments.isEmpty() ? "%Y-%m-%d" : String.valueOf(arguments.getFirst());
        return Strftime.format(format, LocalDateTime.now(clock));
    }

    /** Templates write a call's arguments as the object that they are; the API has them as its text. */
    private static Map<String, Object> withParsedCalls(Map<String, Object> message) {
        if (!(message.get("tool_calls") instanceof List<?> calls)) {
            return message;
        }
        List<Object> parsed = new ArrayList<>();
        for (Object call : calls) {
            parsed.add(call instanceof Map<?, ?> map ? withParsedArguments(map) : call);
        }
        Map<String, Object> result = new LinkedHashMap<>(message);
        result.put("tool_calls", parsed);
        return result;
    }

    private static Map<?, ?> withParsedArguments(Map<?, ?> call) {
        if (!(call.get("function") instanceof Map<?, ?> function)
                || !(function.get("arguments") instanceof String arguments)) {
            return call;
        }
        try {
            if (!(JSON.readTree(arguments) instanceof ObjectNode object)) {
                return call;
            }
            Map<Object, Object> called = new LinkedHashMap<>(call);
            Map<Object, Object> parsed = new LinkedHashMap<>(function);
            parsed.put("arguments", JSON.convertValue(object, MAP));
            called.put("function", parsed);
            return called;
        } catch (JsonProcessingException e) {
            return call;
        }
    }
}
