package org.medley.runtime.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SyntaxTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Whether the grammar's texts begin with this one, and whether this is one of them. */
    private static boolean[] reads(Grammar grammar, String text) {
        Config config = grammar.start().config();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            config = config == null ? null : config.step(b & 0xFF);
        }
        return new boolean[] {config != null, config != null && config.mayEnd()};
    }

    @Test
    void aTokenOfAChoiceIsAllowedIfSomeTextBeginsSo() {
        for (long seed = 0; seed < 100; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            Vocabulary vocabulary = AwkwardVocabulary.of(seed, 900);
            List<String> texts = new ArrayList<>();
            for (int i = 1 + random.nextInt(6); i > 0; i--) {
                String[] parts = {"ab", "a", "name", "é", "😀", "{", "\"", "12", ""};
                texts.add(parts[random.nextInt(parts.length)]
                        + parts[random.nextInt(parts.length)]
                        + parts[random.nextInt(parts.length)]);
            }
            GrammarState state =
                    Grammar.compile(Syntax.choice(texts), vocabulary).start();
            StringBuilder soFar = new StringBuilder();
            long[] mask = new long[vocabulary.maskWords()];
            while (true) {
                int allowed = state.fill(mask);
                List<Integer> tokens = new ArrayList<>();
                for (int token = 1; token < vocabulary.size(); token++) {
                    boolean expected = vocabulary.tokens().text(token)
                            && begins(texts, soFar + latin1(vocabulary.tokens().bytes(token)));
                    assertThat((mask[token >> 6] >>> token & 1) != 0)
                            .as("seed %d", seed)
                            .isEqualTo(expected);
                    if (expected) {
                        tokens.add(token);
                    }
                }
                boolean whole = texts.stream()
                        .anyMatch(text ->
                                latin1(text.getBytes(StandardCharsets.UTF_8)).contentEquals(soFar));
                assertThat(state.complete()).isEqualTo(whole);
                assertThat(allowed).isEqualTo(tokens.size() + (whole ? 1 : 0));
                if (tokens.isEmpty()) {
                    break;
                }
                int token = tokens.get(random.nextInt(tokens.size()));
                state.accept(token);
                soFar.append(latin1(vocabulary.tokens().bytes(token)));
            }
        }
    }

    private static boolean begins(List<String> texts, String beginning) {
        return texts.stream()
                .anyMatch(text -> latin1(text.getBytes(StandardCharsets.UTF_8)).startsWith(beginning));
    }

    /** Bytes as a string, so that parts of characters compare. */
    private static String latin1(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static Syntax call(String name, String arguments) {
        return new Syntax.Sequence(List.of(
                new Syntax.Literal("{\"name\": \"" + name + "\", \"arguments\": "),
                new Syntax.JsonSchema(arguments),
                new Syntax.Literal("}</tool_call>")));
    }

    private static final Syntax CALLS = new Syntax.Alternatives(List.of(
            call("dose", "{\"type\":\"object\",\"properties\":{\"mg\":{\"type\":\"integer\"}},\"required\":[\"mg\"]}"),
            call(
                    "done",
                    "{\"type\":\"object\",\"properties\":{\"why\":{\"type\":\"string\"}},\"required\":[\"why\"]}")));

    @Test
    void toolCallsAreForcedOrLeftToTheModel() throws JsonProcessingException {
        Vocabulary vocabulary = AwkwardVocabulary.of(4, 1200);
        Grammar required =
                Grammar.compile(new Syntax.Sequence(List.of(new Syntax.Literal("<tool_call>"), CALLS)), vocabulary);
        Grammar free = Grammar.compile(
                new Syntax.Free(List.of(new Syntax.Trigger("<tool_call>", CALLS)), Syntax.Times.ANY), vocabulary);
        for (long seed = 0; seed < 100; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            String text = new RandomModel(vocabulary, random).write(required, random.nextInt(30));
            assertCalls(text, 1, seed);
            String several = "so é <tool" + text + "<" + text + ">";
            assertThat(reads(free, several)).as("seed %d: %s", seed, several).containsExactly(true, true);
            assertCalls(new RandomModel(vocabulary, random).write(free, random.nextInt(40)), -1, seed);
        }
        assertThat(reads(free, "free <tool_cal text")).containsExactly(true, true);
        assertThat(reads(free, "<<tool_call>{\"name\": \"do")).containsExactly(true, false);
        assertThat(reads(free, "<tool_call>{\"name\": \"other")).containsExactly(false, false);
    }

    private static void assertCalls(String text, int count, long seed) throws JsonProcessingException {
        String[] parts = text.split("<tool_call>", -1);
        assertThat(parts.length - 1).as("seed %d: %s", seed, text).satisfies(n -> {
            if (count >= 0) {
                assertThat(n).isEqualTo(count);
            }
        });
        for (int i = 1; i < parts.length; i++) {
            JsonNode call = JSON.readTree(parts[i].substring(0, parts[i].indexOf("</tool_call>")));
            assertThat(call.path("name").asText()).isIn("dose", "done");
            assertThat(call.path("arguments").has(call.path("name").asText().equals("dose") ? "mg" : "why"))
                    .isTrue();
        }
    }

    @Test
    void aTriggerMayComeOnceOrHasTo() {
        Vocabulary vocabulary = AwkwardVocabulary.of(5, 300);
        List<Syntax.Trigger> triggers = List.of(
                new Syntax.Trigger("</think>", new Syntax.Literal("yes")),
                new Syntax.Trigger("né", new Syntax.Literal("!")));
        Grammar atMost = Grammar.compile(new Syntax.Free(triggers, Syntax.Times.AT_MOST_ONCE), vocabulary);
        Grammar once = Grammar.compile(new Syntax.Free(triggers, Syntax.Times.ONCE), vocabulary);
        assertThat(reads(atMost, "hm <</think>yes")).containsExactly(true, true);
        assertThat(reads(atMost, "hm <</think>yes ")).containsExactly(false, false);
        assertThat(reads(atMost, "hm nné!")).containsExactly(true, true);
        assertThat(reads(atMost, "hm </thin")).containsExactly(true, true);
        assertThat(reads(once, "hm </thin")).containsExactly(true, false);
        assertThat(reads(once, "hm </think>no")).containsExactly(false, false);
        assertThat(reads(once, "hm </think>yes")).containsExactly(true, true);
    }

    @Test
    void whatMakesNoSenseIsRefused() {
        assertThatThrownBy(() -> new Syntax.Alternatives(List.of()))
                .isInstanceOf(GrammarException.class)
                .hasMessage("there has to be at least one alternative");
        assertThatThrownBy(() -> new Syntax.Free(
                        List.of(
                                new Syntax.Trigger("ab", new Syntax.Literal("")),
                                new Syntax.Trigger("xaby", new Syntax.Literal(""))),
                        Syntax.Times.ANY))
                .hasMessage("trigger 'ab' appears within trigger 'xaby'");
        assertThatThrownBy(() ->
                        new Syntax.Free(List.of(new Syntax.Trigger("", new Syntax.Literal(""))), Syntax.Times.ANY))
                .hasMessage("triggers have to be different texts, none of them empty");
        assertThatThrownBy(() -> new Syntax.Free(List.of(), Syntax.Times.ONCE))
                .hasMessage("without a trigger nothing can follow one");
        assertThatThrownBy(() -> Grammar.compile(new Syntax.Literal("\ud800"), AwkwardVocabulary.of(1, 300)))
                .hasMessage("a text has half of a surrogate pair in it, which is no character");
        Syntax nested = new Syntax.Literal("a");
        for (int i = 0; i < 100; i++) {
            nested = new Syntax.Sequence(List.of(nested));
        }
        Syntax deep = nested;
        assertThatThrownBy(() -> Grammar.compile(deep, AwkwardVocabulary.of(1, 300)))
                .hasMessage("what is asked is nested more than 64 deep");
    }

    @Test
    void whitespaceIsBoundedAndThreeLayoutsFit() {
        Grammar grammar = Grammar.compile(new Syntax.JsonObject(), AwkwardVocabulary.of(1, 300));
        assertThat(reads(grammar, "{\"a\":[1,{\"b\":null}]}")).containsExactly(true, true);
        assertThat(reads(grammar, "{ \"a\": [ 1, {\"b\": null} ] }")).containsExactly(true, true);
        assertThat(reads(grammar, "{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ]\n}"))
                .containsExactly(true, true);
        assertThat(reads(grammar, "{\"a\":  1")).containsExactly(false, false);
        assertThat(reads(grammar, "{  ")).containsExactly(false, false);
        assertThat(reads(grammar, "{\n\n")).containsExactly(false, false);
        assertThat(reads(grammar, "{\n" + " ".repeat(21))).containsExactly(false, false);
        assertThat(reads(grammar, " {")).containsExactly(false, false);
        assertThat(reads(grammar, "{} ")).containsExactly(false, false);
    }
}
