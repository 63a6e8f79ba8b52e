package org.medley.runtime.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/** Times compilation and masks over a vocabulary of the usual size; to be started by hand. */
final class MaskTimes {
    private static final String PATIENT = """
            {"type":"object","properties":{"name":{"type":"string"},"born":{"type":"string","format":"date"},
            "sex":{"enum":["f","m","x"]},"weight":{"type":"number","minimum":0,"maximum":400},
            "findings":{"type":"array","items":{"type":"object","properties":{"site":{"type":"string","maxLength":60},
            "stage":{"type":"integer","minimum":0,"maximum":4},"sure":{"type":"boolean"},
            "note":{"type":["string","null"]}},"required":["site","stage"],"additionalProperties":false}},
            "contact":{"anyOf":[{"type":"null"},{"type":"object","properties":{"mail":{"type":"string"},
            "phone":{"type":"string","pattern":"^\\\\+?[0-9 ]{6,20}$"}},"required":["phone"]}]}},
            "required":["name","born","findings"],"additionalProperties":false}
            """;
    private static final String TREE = """
            {"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"label":{"type":"string"},
            "value":{"type":"number"},"children":{"type":"array","items":{"$ref":"#/$defs/node"},"maxItems":4}},
            "required":["label"]}}}
            """;

    private MaskTimes() {}

    public static void main(String[] args) {
        long begin = System.nanoTime();
        Vocabulary vocabulary = usual(131_072);
        System.out.printf(
                "vocabulary of %d tokens, %d nodes in the trie, built in %d ms%n",
                vocabulary.size(), vocabulary.tries().getFirst().nodes(), (System.nanoTime() - begin) / 1_000_000);
        time("a record", new Syntax.JsonSchema(PATIENT), vocabulary);
        time("a recursive tree", new Syntax.JsonSchema(TREE), vocabulary);
        time("any object", new Syntax.JsonObject(), vocabulary);
        time("a pattern", new Syntax.Regular("[A-Z][a-z]+( [A-Z][a-z]+){0,4}, [0-9]{1,3} years"), vocabulary);
        time(
                "free text or a call",
                new Syntax.Free(
                        List.of(new Syntax.Trigger(
                                "<tool_call>",
                                new Syntax.Sequence(List.of(
                                        new Syntax.Literal("{\"name\": \"x\", \"arguments\": "),
                                        new Syntax.JsonSchema(TREE),
                                        new Syntax.Literal("}</tool_call>"))))),
                        Syntax.Times.ANY),
                vocabulary);
    }

    private static void time(String name, Syntax syntax, Vocabulary vocabulary) {
        for (int i = 0; i < 20; i++) {
            Grammar.compile(syntax, vocabulary);
        }
        long begin = System.nanoTime();
        Grammar grammar = Grammar.compile(syntax, vocabulary);
        long compile = System.nanoTime() - begin;
        System.out.printf("%s: compiled in %.1f ms%n", name, compile / 1e6);
        SplittableRandom random = new SplittableRandom(1);
        for (int round = 0; round < 4; round++) {
            long[] mask = new long[vocabulary.maskWords()];
            List<Long> fills = new ArrayList<>();
            long accepts = 0;
            for (int text = 0; text < (round == 0 ? 1 : 100); text++) {
                GrammarState state = grammar.start();
                for (int i = 0; i < 200; i++) {
                    long from = System.nanoTime();
                    int allowed = state.fill(mask);
                    fills.add(System.nanoTime() - from);
                    int token = nth(mask, random.nextInt(allowed));
                    from = System.nanoTime();
                    state.accept(token);
                    accepts += System.nanoTime() - from;
                    if (vocabulary.ends(token)) {
                        break;
                    }
                }
            }
            long[] sorted = fills.stream().mapToLong(t -> t).sorted().toArray();
            System.out.printf(
                    "  %s: %d masks, mean %.2f us, median %.2f, 99%% %.2f, worst %.0f us; accept %.2f us%n",
                    round == 0 ? "first text" : "then",
                    sorted.length,
                    Arrays.stream(sorted).average().orElseThrow() / 1e3,
                    sorted[sorted.length / 2] / 1e3,
                    sorted[sorted.length * 99 / 100] / 1e3,
                    sorted[sorted.length - 1] / 1e3,
                    accepts / 1e3 / sorted.length);
        }
    }

    private static int nth(long[] mask, int n) {
        for (int word = 0; ; word++) {
            int bits = Long.bitCount(mask[word]);
            if (n < bits) {
                long rest = mask[word];
                for (; n > 0; n--) {
                    rest &= rest - 1;
                }
                return word << 6 | Long.numberOfTrailingZeros(rest);
            }
            n -= bits;
        }
    }

    /** Word-like tokens, half of them with a space before, and some of punctuation, digits and other scripts. */
    private static Vocabulary usual(int size) {
        SplittableRandom random = new SplittableRandom(7);
        Set<String> texts = new HashSet<>();
        String[] syllables = new String[400];
        for (int i = 0; i < syllables.length; i++) {
            syllables[i] = "" + "bcdfghklmnprstvwz".charAt(random.nextInt(17)) + "aeiouy".charAt(random.nextInt(6))
                    + (random.nextBoolean() ? "nrstlm".charAt(random.nextInt(6)) : "");
        }
        String marks = "\"{}[]:,.;()<>/\\'_-=+*&^%$#@!? \n\t";
        while (texts.size() < size - 257) {
            StringBuilder text = new StringBuilder();
            int kind = random.nextInt(20);
            if (kind < 15) {
                text.append(random.nextBoolean() ? " " : "");
                for (int i = 1 + random.nextInt(4); i > 0; i--) {
                    text.append(syllables[random.nextInt(syllables.length)]);
                }
            } else if (kind < 17) {
                for (int i = 1 + random.nextInt(5); i > 0; i--) {
                    text.append(marks.charAt(random.nextInt(marks.length())));
                }
            } else if (kind < 18) {
                text.append(random.nextInt(1000));
            } else {
                for (int i = 1 + random.nextInt(3); i > 0; i--) {
                    text.appendCodePoint(0x4E00 + random.nextInt(3000));
                }
            }
            if (text.toString().getBytes(StandardCharsets.UTF_8).length > 1) {
                texts.add(text.toString());
            }
        }
        List<byte[]> bytes = new ArrayList<>();
        bytes.add(new byte[0]);
        for (int b = 0; b < 256; b++) {
            bytes.add(new byte[] {(byte) b});
        }
        texts.stream().sorted().forEach(text -> bytes.add(text.getBytes(StandardCharsets.UTF_8)));
        return new Vocabulary(TokenBytes.of(bytes.toArray(byte[][]::new), new boolean[bytes.size()], false), 0);
    }
}
