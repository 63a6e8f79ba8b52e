package org.medley.runtime.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class GrammarStateTest {
    private static boolean bit(long[] mask, int token) {
        return (mask[token >> 6] >>> token & 1) != 0;
    }

    private static int some(long[] mask, int allowed, SplittableRandom random) {
        int n = random.nextInt(allowed);
        for (int token = 0; ; token++) {
            if (bit(mask, token) && n-- == 0) {
                return token;
            }
        }
    }

    /** Free text, counted strings and several readings at once, beside random schemas. */
    private static Syntax syntax(SplittableRandom random) {
        Syntax schema = new Syntax.JsonSchema(new RandomSchemas(random).next().toString());
        return switch (random.nextInt(6)) {
            case 0 ->
                new Syntax.Free(
                        List.of(
                                new Syntax.Trigger(
                                        "<tool", new Syntax.Sequence(List.of(schema, new Syntax.Literal("/")))),
                                new Syntax.Trigger("\"a\"", new Syntax.JsonObject())),
                        random.nextInt(3) == 0
                                ? Syntax.Times.ONCE
                                : random.nextBoolean() ? Syntax.Times.ANY : Syntax.Times.AT_MOST_ONCE);
            case 1 ->
                new Syntax.Alternatives(List.of(schema, new Syntax.JsonObject(), new Syntax.Regular("[\\[\"a-f]*!")));
            case 2 -> new Syntax.JsonSchema("""
                    {"anyOf":[{"$ref":"#/$defs/a"},{"$ref":"#/$defs/b"}],"$defs":{
                    "a":{"type":"object","properties":{"a":{"anyOf":[{"$ref":"#/$defs/a"},{"$ref":"#/$defs/b"}]},
                    "x1":{"type":"string","minLength":3,"maxLength":5}}},
                    "b":{"type":"object","properties":{"a":{"anyOf":[{"$ref":"#/$defs/b"},{"$ref":"#/$defs/a"}]},
                    "x1":{"type":"array","minItems":2,"maxItems":4,"items":{"enum":[1,12,345]}}}}}}
                    """);
            default -> schema;
        };
    }

    @Test
    void masksAreWhatReadingEveryTokenSays() {
        int masks = 0;
        for (long seed = 0; seed < 100; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            Vocabulary vocabulary = AwkwardVocabulary.of(seed, 257 + random.nextInt(500));
            Grammar grammar;
            try {
                grammar = Grammar.compile(syntax(random), vocabulary);
            } catch (GrammarException e) {
                assertThat(e).hasMessageStartingWith("no text satisfies");
                continue;
            }
            GrammarState state = grammar.start();
            NaiveReader naive = new NaiveReader(state.config().automaton(), state.config());
            long[] mask = new long[vocabulary.maskWords() + 1];
            for (int i = 0; i < 25; i++) {
                mask[mask.length - 1] = -1;
                int allowed = state.fill(mask);
                int count = 0;
                for (int token = 0; token < mask.length * 64; token++) {
                    boolean expected = token == 0 ? naive.mayEnd() : naive.allows(vocabulary.tokens(), token);
                    assertThat(bit(mask, token))
                            .as("seed %d, token %d after %d", seed, token, i)
                            .isEqualTo(expected);
                    assertThat(state.allows(token)).isEqualTo(expected);
                    count += expected ? 1 : 0;
                }
                masks++;
                assertThat(allowed).isEqualTo(count);
                assertThat(state.complete()).isEqualTo(naive.mayEnd());
                assertThat(state.finished()).isEqualTo(naive.mayEnd() && count == 1);
                int token = some(mask, allowed, random);
                state.accept(token);
                if (token == 0) {
                    assertThat(state.fill(mask)).isZero();
                    assertThat(mask).containsOnly(0);
                    break;
                }
                naive.read(vocabulary.tokens().bytes(token));
            }
        }
        assertThat(masks).isGreaterThan(1000);
    }

    /** Alternatives whose parts call the same rules and return to different places, nested at different depths. */
    @Test
    void readingsThatCallTheSameKeepApartWhereTheyReturn() {
        Syntax open = new Syntax.JsonSchema("{\"properties\":{\"a\":{},\"id\":{\"items\":{}}},\"required\":[\"a\"]}");
        Syntax array = new Syntax.JsonSchema("{\"type\":\"array\"}");
        Syntax syntax = new Syntax.Alternatives(List.of(
                open,
                new Syntax.JsonObject(),
                new Syntax.Sequence(List.of(open, new Syntax.Literal("a"))),
                array,
                new Syntax.Sequence(List.of(new Syntax.Literal("["), array, new Syntax.Literal("12"))),
                new Syntax.Sequence(List.of(new Syntax.Literal("[["), array, new Syntax.Literal("{")))));
        Vocabulary vocabulary = AwkwardVocabulary.upToThree("{}[]\",:a12");
        Grammar grammar = Grammar.compile(syntax, vocabulary);
        long[] mask = new long[vocabulary.maskWords()];
        for (String text : List.of(
                "{\"a\":[1,{\"b\":\"x\"}],\"id\":[[2],\"y\"]}a",
                "{\"a\":{\"a\":[],\"id\":[]}}",
                "{\"b\":{\"a\":[\"\"]}}",
                "[[[\"a\"],[1]],[2]]",
                "[[\"a\"]12",
                "[[[]{")) {
            GrammarState state = grammar.start();
            NaiveReader naive = new NaiveReader(state.config().automaton(), state.config());
            for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
                state.accept(1 + (b & 0xFF));
                naive.read(new byte[] {b});
                state.fill(mask);
                for (int token = 1; token < vocabulary.size(); token++) {
                    assertThat(bit(mask, token))
                            .as("token %d after %d bytes of %s", token, state.accepted(), text)
                            .isEqualTo(naive.allows(vocabulary.tokens(), token));
                }
                assertThat(state.complete()).isEqualTo(naive.mayEnd());
            }
            assertThat(state.complete()).as(text).isTrue();
        }
    }

    @Test
    void stepsBackAndCopiesLeadToTheSameMasks() {
        for (long seed = 0; seed < 60; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            Vocabulary vocabulary = AwkwardVocabulary.of(seed, 700);
            GrammarState state =
                    Grammar.compile(new Syntax.JsonObject(), vocabulary).start();
            List<long[]> masks = new ArrayList<>();
            long[] mask = new long[vocabulary.maskWords()];
            for (int i = 0; i < 60; i++) {
                int allowed = state.fill(mask);
                while (masks.size() > state.accepted()) {
                    masks.removeLast();
                }
                masks.add(mask.clone());
                if (allowed == 0 || random.nextInt(3) == 0) {
                    int back = random.nextInt(state.accepted() + 1);
                    GrammarState copy = state.copy();
                    state.rollback(back);
                    state.fill(mask);
                    assertThat(mask).as("seed %d", seed).isEqualTo(masks.get(state.accepted()));
                    copy.fill(mask);
                    assertThat(mask).as("seed %d", seed).isEqualTo(masks.get(copy.accepted()));
                } else {
                    state.accept(some(mask, allowed, random));
                }
            }
        }
    }

    @Test
    void aTokenThatMayNotComeIsRefusedAndChangesNothing() {
        Vocabulary vocabulary = AwkwardVocabulary.of(1, 400);
        GrammarState state =
                Grammar.compile(new Syntax.Literal("ab"), vocabulary).start();
        assertThatThrownBy(() -> state.accept(1 + 'b'))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("token 99 may not come after 0 tokens of this sequence");
        assertThatThrownBy(() -> state.accept(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> state.accept(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> state.accept(1_000_000)).isInstanceOf(IllegalArgumentException.class);
        state.accept(1 + 'a');
        assertThat(state.complete()).isFalse();
        state.accept(1 + 'b');
        assertThat(state.finished()).isTrue();
        state.accept(0);
        assertThat(state.accepted()).isEqualTo(3);
        assertThat(state.allows(0)).isFalse();
        assertThatThrownBy(() -> state.rollback(4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("of 3 tokens accepted 4 cannot be taken back");
        state.rollback(3);
        assertThat(state.allows(1 + 'a')).isTrue();
        assertThatThrownBy(() -> state.fill(new long[vocabulary.maskWords() - 1]))
                .hasMessageStartingWith("a mask over this vocabulary takes 7 words, not 6");
    }

    @Test
    void whatHasToComeIsForced() {
        Vocabulary vocabulary = AwkwardVocabulary.of(2, 400);
        GrammarState state = Grammar.compile(
                        new Syntax.Sequence(List.of(
                                new Syntax.Literal("{\"name\": \"é"),
                                Syntax.choice(List.of("one", "once")),
                                new Syntax.Literal("!"))),
                        vocabulary)
                .start();
        assertThat(new String(state.forced(), StandardCharsets.UTF_8)).isEqualTo("{\"name\": \"éon");
        for (byte b : state.forced()) {
            state.accept(1 + (b & 0xFF));
        }
        assertThat(state.forced()).isEmpty();
        state.accept(1 + 'c');
        assertThat(new String(state.forced(), StandardCharsets.UTF_8)).isEqualTo("e!");
        state.accept(1 + 'e');
        state.accept(1 + '!');
        assertThat(state.forced()).isEmpty();
        state.accept(0);
        assertThat(state.forced()).isEmpty();
    }

    @Test
    void aSpaceThatDecodingDropsMayComeFirstAndHasToWhereTheTextMayBeginWithOne() {
        byte[][] bytes = new byte[258][];
        for (int b = 0; b < 256; b++) {
            bytes[1 + b] = new byte[] {(byte) b};
        }
        bytes[257] = " {".getBytes(StandardCharsets.UTF_8);
        Vocabulary drops = new Vocabulary(TokenBytes.of(bytes, new boolean[258], true), 0);
        Vocabulary keeps = new Vocabulary(TokenBytes.of(bytes, new boolean[258], false), 0);
        GrammarState object = Grammar.compile(new Syntax.JsonObject(), drops).start();
        assertThat(object.allows(257)).isTrue();
        assertThat(object.allows(1 + '{')).isTrue();
        assertThat(Grammar.compile(new Syntax.JsonObject(), keeps).start().allows(257))
                .isFalse();
        object.accept(1 + ' ');
        assertThat(object.allows(1 + ' ')).isFalse();
        GrammarState spaced =
                Grammar.compile(Syntax.choice(List.of(" a", "b")), drops).start();
        assertThat(spaced.allows(1 + 'b')).isFalse();
        spaced.accept(1 + ' ');
        assertThat(spaced.allows(1 + 'b')).isTrue();
        assertThat(spaced.allows(1 + ' ')).isTrue();
    }

    @Test
    void deepNestingNeedsNoDeepRecursion() {
        Vocabulary vocabulary = AwkwardVocabulary.of(3, 400);
        GrammarState state =
                Grammar.compile(new Syntax.JsonSchema("{}"), vocabulary).start();
        long[] mask = new long[vocabulary.maskWords()];
        for (int i = 0; i < 100_000; i++) {
            state.accept(1 + '[');
        }
        state.fill(mask);
        assertThat(bit(mask, 1 + ']')).isTrue();
        for (int i = 0; i < 100_000; i++) {
            state.accept(1 + ']');
        }
        assertThat(state.finished()).isTrue();
        state.rollback(150_000);
        assertThat(state.allows(1 + '[')).isTrue();
    }

    @Test
    void aVocabularyWithoutABytesTokenIsNeverLedWhereItIsNeeded() {
        byte[][] bytes = new byte[4][];
        bytes[1] = new byte[] {'a'};
        bytes[2] = new byte[] {'b'};
        bytes[3] = "ac".getBytes(StandardCharsets.UTF_8);
        Vocabulary vocabulary = new Vocabulary(TokenBytes.of(bytes, new boolean[4], false), 0);
        GrammarState state =
                Grammar.compile(new Syntax.Regular("[abc]*"), vocabulary).start();
        assertThat(state.allows(1)).isTrue();
        assertThat(state.allows(2)).isTrue();
        assertThat(state.allows(3)).isFalse();
        assertThatThrownBy(() -> Grammar.compile(new Syntax.Regular("a*c"), vocabulary))
                .isInstanceOf(GrammarException.class)
                .hasMessageStartingWith("no text satisfies what is asked");
    }
}
