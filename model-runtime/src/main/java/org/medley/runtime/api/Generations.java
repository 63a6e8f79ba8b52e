package org.medley.runtime.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.medley.runtime.engine.Engine;
import org.medley.runtime.engine.EngineBusyException;
import org.medley.runtime.engine.GrammarConstraint;
import org.medley.runtime.engine.Request;
import org.medley.runtime.engine.SamplingParams;
import org.medley.runtime.grammar.Grammar;
import org.medley.runtime.grammar.GrammarCache;
import org.medley.runtime.grammar.GrammarException;
import org.medley.runtime.grammar.Limits;
import org.medley.runtime.grammar.Syntax;
import org.medley.runtime.text.ChatTemplate.Message;

/** Turns what clients ask for into requests of an engine. */
@ApplicationScoped
class Generations {
    private static final int MOST_ANSWERS = 128;
    private static final int KEPT_GRAMMARS = 64;

    private final GrammarCache grammars = new GrammarCache(KEPT_GRAMMARS, Limits.DEFAULT);

    /**
     * What is known of a chat before its answer begins.
     *
     * @param reader makes what reads an answer
     */
    record Ready(Supplier<AnswerReader> reader, int promptTokens) {}

    /** A chat with the tools and the format that its answer is bound to. */
    Delivery chat(ModelHost.Hosted hosted, Fields in, String tenant) {
        int answers = answers(in);
        TokenTexts texts =
                in.flag("logprobs", false) ? new TokenTexts(hosted.engine().words()) : null;
        boolean usage = tellsUsage(in);
        return chat(hosted, in, tenant, ready -> new ChatReply(hosted.name(), answers, ready.reader(), texts, usage));
    }

    /**
     * A chat whose answer looks different on the wire.
     *
     * @param replies makes the reply
     */
    Delivery chat(ModelHost.Hosted hosted, Fields in, String tenant, Function<Ready, Reply> replies) {
        Engine engine = hosted.engine();
        Tools tools = Tools.of(in, engine.template());
        Syntax format = AnswerFormat.of(in);
        boolean calls = tools != null && tools.choice() != Tools.Choice.NONE;
        if (calls && format != null) {
            throw ApiException.invalid(
                    "response_format", "tools and a format of the answer cannot be asked for together");
        }
        int answers = answers(in);
        int logprobs = in.flag("logprobs", false) ? in.integer("top_logprobs", 0, 0, 20) : -1;
        int[] prompt = engine.tokenizer().encode(prompt(engine, Messages.of(in), tools, in));
        Integer wanted = limit(in, in.has("max_completion_tokens") ? "max_completion_tokens" : "max_tokens");
        SamplingParams params = Sampling.of(in, wanted, engine.context() - prompt.length, logprobs);
        Syntax bound = calls ? tools.syntax() : format;
        boolean thinks = bound == null && engine.template().source().contains("<think>");
        Supplier<AnswerReader> reader = () -> new AnswerReader(calls ? tools.format() : null, thinks);
        return submit(
                hosted,
                List.of(prompt),
                params,
                bound,
                tenant,
                replies.apply(new Ready(reader, prompt.length)),
                answers,
                "messages");
    }

    private static String prompt(Engine engine, List<Message> turns, Tools tools, Fields in) {
        Map<String, Object> options = new LinkedHashMap<>();
        Fields given = in.object("chat_template_kwargs");
        if (given != null) {
            in.node("chat_template_kwargs").properties().forEach(entry -> {
                if (entry.getValue().isValueNode()) {
                    options.put(
                            entry.getKey(),
                            entry.getValue().isBoolean()
                                    ? entry.getValue().booleanValue()
                                    : entry.getValue().asText());
                }
            });
        }
        ArrayNode functions = tools == null || tools.choice() == Tools.Choice.NONE ? null : tools.functions();
        boolean knowsTools = engine.template().source().contains("tools");
        try {
            return engine.template()
                    .render(
                            functions == null || knowsTools ? turns : told(turns, tools),
                            knowsTools ? functions : null,
                            true,
                            options);
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid("messages", e.getMessage());
        }
    }

    /** For models whose template has no place for functions: a system message that says what may be called and how. */
    private static List<Message> told(List<Message> turns, Tools tools) {
        StringBuilder text = new StringBuilder("You may call functions. These are available, with their parameters:\n");
        tools.functions().forEach(tool -> text.append(tool.path("function")).append('\n'));
        text.append("To call one, write:\n")
                .append(tools.format().before())
                .append("NAME")
                .append(tools.format().between())
                .append("{…}")
                .append(tools.format().after());
        List<Message> all = new ArrayList<>();
        all.add(new Message("system", text.toString()));
        for (Message turn : turns) {
            boolean calling = turn.toolCalls() != null;
            String content = turn.content() == null ? "" : turn.content();
            all.add(calling ? new Message(turn.role(), content + turn.toolCalls()) : turn);
        }
        return all;
    }

    /** Continuations of one or several texts or token lists. */
    Delivery complete(ModelHost.Hosted hosted, Fields in, String tenant) {
        Engine engine = hosted.engine();
        if (in.has("suffix") && !in.text("suffix").isEmpty()) {
            throw ApiException.invalid("suffix", "suffix is not supported: the models here write behind a text only");
        }
        List<int[]> prompts = Prompts.of(in, engine);
        int answers = answers(in);
        if (answers * prompts.size() > MOST_ANSWERS) {
            throw ApiException.invalid(
                    "n", prompts.size() + " prompts with n " + answers + " are more than " + MOST_ANSWERS + " answers");
        }
        Integer wanted = limit(in, "max_tokens");
        int logprobs = in.integer("logprobs", -1, 0, 20);
        int longest = prompts.stream().mapToInt(p -> p.length).max().orElse(0);
        SamplingParams params = Sampling.of(in, wanted == null ? 16 : wanted, engine.context() - longest, logprobs);
        List<String> echoes = new ArrayList<>();
        boolean echo = in.flag("echo", false);
        for (int[] prompt : prompts) {
            for (int i = 0; i < answers; i++) {
                echoes.add(echo ? engine.tokenizer().decode(prompt, true) : "");
            }
        }
        TokenTexts texts = logprobs < 0 ? null : new TokenTexts(engine.words());
        Reply reply = new CompletionReply(hosted.name(), echoes, texts, tellsUsage(in));
        return submit(hosted, prompts, params, AnswerFormat.of(in), tenant, reply, answers, "prompt");
    }

    private static Integer limit(Fields in, String name) {
        Long value = in.integer(name);
        if (value != null && (value < 1 || value > 1 << 20)) {
            throw ApiException.invalid(name, name + " is " + value + "; 1 to " + (1 << 20) + " is possible");
        }
        return value == null ? null : value.intValue();
    }

    private static int answers(Fields in) {
        return in.integer("n", 1, 1, MOST_ANSWERS);
    }

    private static boolean tellsUsage(Fields in) {
        Fields options = in.object("stream_options");
        return options != null && options.flag("include_usage", false);
    }

    /**
     * Hands prompts to the engine.
     *
     * @param bound what each answer has to look like, or null
     * @param param which field to name where the prompt is refused
     */
    Delivery submit(
            ModelHost.Hosted hosted,
            List<int[]> prompts,
            SamplingParams params,
            Syntax bound,
            String tenant,
            Reply reply,
            int answers,
            String param) {
        Supplier<GrammarConstraint> constraint = constraint(hosted.engine(), bound);
        AnswerEvents events = new AnswerEvents();
        List<Engine.Generation> generations = new ArrayList<>();
        try {
            for (int i = 0; i < prompts.size(); i++) {
                Request request = new Request(prompts.get(i), params, tenant, hosted.adapter(), constraint);
                generations.add(hosted.engine().submit(request, events.listeners(i * answers, answers)));
            }
        } catch (IllegalArgumentException e) {
            generations.forEach(Engine.Generation::cancel);
            throw ApiException.invalid(param, e.getMessage());
        } catch (EngineBusyException e) {
            generations.forEach(Engine.Generation::cancel);
            throw ApiException.busy(e.getMessage());
        }
        return new Delivery(events, generations, reply, prompts.size() * answers, answers);
    }

    private Supplier<GrammarConstraint> constraint(Engine engine, Syntax bound) {
        if (bound == null) {
            return null;
        }
        try {
            Grammar grammar = grammars.get(bound, engine.grammarVocabulary());
            return () -> new GrammarConstraint(grammar);
        } catch (GrammarException e) {
            throw ApiException.invalid("response_format", e.getMessage());
        }
    }

    /**
     * Token counts of a conversation or a text, and the tokens themselves. {@code add_special_tokens} is whether a BOS
     * token is added as to a prompt; a conversation's template writes its own.
     */
    ObjectNode tokenize(ModelHost.Hosted hosted, Fields in) {
        Engine engine = hosted.engine();
        String text = in.has("messages")
                ? prompt(engine, Messages.of(in), Tools.of(in, engine.template()), in)
                : in.text("prompt");
        if (text == null) {
            throw ApiException.invalid("prompt", "prompt or messages must be given");
        }
        boolean begins = in.flag("add_special_tokens", !in.has("messages"));
        int[] tokens = begins
                ? engine.tokenizer().encodeFromBegin(text)
                : engine.tokenizer().encode(text);
        ObjectNode node = JsonNodeFactory.instance
                .objectNode()
                .put("count", tokens.length)
                .put("max_model_len", engine.context());
        ArrayNode ids = node.putArray("tokens");
        for (int token : tokens) {
            ids.add(token);
        }
        return node;
    }
}
