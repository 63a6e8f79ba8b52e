package org.medley.runtime.api;

import java.util.ArrayList;
import java.util.List;
import org.medley.runtime.grammar.Syntax;
import org.medley.runtime.text.ChatTemplate;

/**
 * How models write that they call a function, by families. A call is
 * {@code before + name + between + arguments + after}; the first and last parts also tell it from text.
 */
enum CallFormat {
    /** Hermes, Qwen and most others: one tagged object per call. */
    TAGGED("<tool_call>\n{\"name\": \"", "\", \"arguments\": ", "}\n</tool_call>", "<tool_call>"),
    /** Llama 3: the answer is the call. */
    BARE("{\"name\": \"", "\", \"parameters\": ", "}", "{"),
    /** Mistral: a token, and an array of calls, of which one is written here. */
    LISTED("[TOOL_CALLS] [{\"name\": \"", "\", \"arguments\": ", "}]", "[TOOL_CALLS]");

    private final String before;
    private final String between;
    private final String after;
    private final String trigger;

    CallFormat(String before, String between, String after, String trigger) {
        this.before = before;
        this.between = between;
        this.after = after;
        this.trigger = trigger;
    }

    /** What the model's template shows that it was trained on; the first if it shows nothing. */
    static CallFormat of(ChatTemplate template) {
        String source = template.source();
        if (source.contains("[TOOL_CALLS]")) {
            return LISTED;
        }
        return !source.contains("<tool_call>") && source.contains("\"parameters\": ") ? BARE : TAGGED;
    }

    String before() {
        return before;
    }

    String between() {
        return between;
    }

    String after() {
        return after;
    }

    /** Whether more than one call can be told apart in an answer. */
    private boolean several() {
        return this == TAGGED;
    }

    Syntax call(String name, Syntax arguments) {
        return new Syntax.Sequence(
                List.of(new Syntax.Literal(before + name + between), arguments, new Syntax.Literal(after)));
    }

    /** Text, in which calls may come. */
    Syntax free(Syntax call, boolean parallel) {
        if (this == BARE) {
            return new Syntax.Alternatives(List.of(call, new Syntax.Regular("([^{\\s][\\s\\S]*)?")));
        }
        // The trigger stands at the head of every call; what follows it is the rest of one.
        Syntax.Times times = parallel && several() ? Syntax.Times.ANY : Syntax.Times.AT_MOST_ONCE;
        return new Syntax.Free(List.of(new Syntax.Trigger(trigger, headless(call))), times);
    }

    private Syntax headless(Syntax call) {
        List<Syntax> options = new ArrayList<>();
        for (Syntax option : ((Syntax.Alternatives) call).options()) {
            List<Syntax> parts = new ArrayList<>(((Syntax.Sequence) option).parts());
            String head = ((Syntax.Literal) parts.getFirst()).text();
            parts.set(0, new Syntax.Literal(head.substring(trigger.length())));
            options.add(new Syntax.Sequence(parts));
        }
        return new Syntax.Alternatives(options);
    }

    /** One to {@code most} calls and nothing else. */
    Syntax calls(Syntax call, int most) {
        Syntax all = call;
        for (int i = 1; i < (several() ? most : 1); i++) {
            Syntax more = new Syntax.Sequence(List.of(new Syntax.Literal("\n"), all));
            all = new Syntax.Sequence(List.of(call, new Syntax.Alternatives(List.of(new Syntax.Literal(""), more))));
        }
        return all;
    }
}
