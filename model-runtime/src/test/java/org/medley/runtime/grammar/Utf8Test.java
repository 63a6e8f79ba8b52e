package org.medley.runtime.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class Utf8Test {
    private static Config after(Config config, byte[] bytes) {
        for (byte b : bytes) {
            config = config == null ? null : config.step(b & 0xFF);
        }
        return config;
    }

    @Test
    void setsOfCodePointsAreReadAsTheirEncodingAndNothingElseIs() {
        for (long seed = 0; seed < 5; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            CodeSet set = CodeSet.NONE;
            for (int i = 0; i < 1 + random.nextInt(12); i++) {
                int first = random.nextInt(CodeSet.LAST + 1) >> random.nextInt(18);
                set = set.union(CodeSet.range(first, Math.min(CodeSet.LAST, first + (1 << random.nextInt(20)))));
            }
            Rules rules = new Rules(new Limits.Budget(Limits.DEFAULT));
            int rule = rules.add(new Expr.Chars(set)).rule();
            Automaton automaton = Automaton.of(
                    rules, java.util.Set.of(rule), CodeSet.range(0, 255), new Limits.Budget(Limits.DEFAULT));
            Config start = Config.at(automaton, automaton.start(rule));
            for (int c = 0; c <= CodeSet.LAST; c += 1 + random.nextInt(7)) {
                boolean surrogate = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
                if (!surrogate) {
                    Config end = after(start, Character.toString(c).getBytes(StandardCharsets.UTF_8));
                    assertThat(end != null && end.mayEnd())
                            .as("seed %d, U+%04X", seed, c)
                            .isEqualTo(set.contains(c));
                }
            }
        }
    }

    @Test
    void textIsAllowedIfItDecodes() {
        Vocabulary vocabulary = AwkwardVocabulary.of(1, 300);
        Config start = Grammar.compile(new Syntax.Free(java.util.List.of(), Syntax.Times.ANY), vocabulary)
                .start()
                .config();
        byte[] likely = {
            'a',
            (byte) 0xC3,
            (byte) 0xA9,
            (byte) 0xE2,
            (byte) 0x82,
            (byte) 0xED,
            (byte) 0xA0,
            (byte) 0xF0,
            (byte) 0x9F,
            (byte) 0xF4,
            (byte) 0x8F,
            (byte) 0xBF,
            (byte) 0xE0,
            (byte) 0xC0,
            (byte) 0xF5
        };
        int valid = 0;
        for (long seed = 0; seed < 200_000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            byte[] bytes = new byte[random.nextInt(6)];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = random.nextInt(8) == 0 ? (byte) random.nextInt(256) : likely[random.nextInt(likely.length)];
            }
            Config end = after(start, bytes);
            boolean expected = decodes(bytes);
            assertThat(end != null && end.mayEnd()).as("seed %d", seed).isEqualTo(expected);
            valid += expected ? 1 : 0;
        }
        assertThat(valid).isGreaterThan(30_000);
    }

    private static boolean decodes(byte[] bytes) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }
}
