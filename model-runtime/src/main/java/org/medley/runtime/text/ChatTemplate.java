package org.medley.runtime.text;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.interpret.RenderResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.medley.runtime.weights.ModelSource;

/** A model's Jinja chat template. Without one, ChatML is used, which most open models are trained on. */
public final class ChatTemplate {
    public static final String CHATML =
            "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
                    + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

    private static final Jinjava JINJA = new Jinjava(JinjavaConfig.newBuilder()
            .withTrimBlocks(true)
            .withLstripBlocks(true)
            .withMaxOutputSize(4L << 20)
            .withMaxRenderDepth(20)
            .build());

    private final String template;
    private final ModelSource.SpecialTokens tokens;

    /** One turn. */
    public record Message(String role, String content) {}

    public ChatTemplate(String templateOrNull) {
        this(templateOrNull, new ModelSource.SpecialTokens("", ""));
    }

    public ChatTemplate(String templateOrNull, ModelSource.SpecialTokens tokens) {
        this.template = templateOrNull == null ? CHATML : templateOrNull;
        this.tokens = tokens;
    }

    /** The template of a model, with its tokens. */
    public static ChatTemplate of(ModelSource model) {
        return new ChatTemplate(model.chatTemplate(), model.specialTokens());
    }

    /** The prompt text for these turns, ending where the assistant's answer begins if {@code answer}. */
    public String render(List<Message> messages, boolean answer) {
        List<Map<String, Object>> turns = new ArrayList<>();
        for (Message message : messages) {
            turns.add(new HashMap<>(Map.of("role", message.role(), "content", message.content())));
        }
        Map<String, Object> context = new HashMap<>();
        context.put("messages", turns);
        context.put("add_generation_prompt", answer);
        context.put("bos_token", tokens.bos());
        context.put("eos_token", tokens.eos());
        RenderResult result = JINJA.renderForResult(template, context);
        if (result.hasErrors()) {
            throw new IllegalArgumentException("chat template failed: "
                    + result.getErrors().stream().map(e -> e.getMessage()).collect(Collectors.joining("; ")));
        }
        return result.getOutput();
    }
}
