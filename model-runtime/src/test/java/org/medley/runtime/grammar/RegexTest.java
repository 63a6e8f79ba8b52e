package org.medley.runtime.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Patterns beside java.util.regex, where both mean the same. */
class RegexTest {
    private static final String[] ATOMS = {
        "a", "b", "c", ".", "\\d", "\\D", "\\w", "\\W", "[ab]", "[^a]", "[a-c1]", "[^\\d]", "\\.", "\\u00e9", "[\\w-]",
        "\\x62", "\\p{L}", "\\P{Lu}", "é", "😀", "[😀-😂]", "\\n", "\\/"
    };
    private static final String[] QUANTIFIERS = {"", "", "", "*", "+", "?", "{2}", "{1,3}", "{2,}", "*?", "+?", "{0}"};
    private static final String LETTERS = "abc1é😀😁.B-_ /";

    private static final Limits FEW_STATES = new Limits(1000, 64, 10_000, 100, Duration.ofSeconds(10));

    private static Limits.Budget budget() {
        return new Limits.Budget(Limits.DEFAULT);
    }

    /** Null for the rare pattern whose automaton is too large. */
    private static Dfa automaton(String pattern, BiFunction<String, Limits.Budget, Dfa> reading) {
        try {
            return reading.apply(pattern, new Limits.Budget(FEW_STATES));
        } catch (GrammarException e) {
            assertThat(e).hasMessageStartingWith("needs more than 10000 automaton states");
            return null;
        }
    }

    private static String pattern(SplittableRandom random, int depth) {
        StringBuilder out = new StringBuilder();
        int parts = 1 + random.nextInt(3);
        for (int i = 0; i < parts; i++) {
            if (depth > 0 && random.nextInt(3) == 0) {
                out.append(
                                random.nextBoolean()
                                        ? "("
                                        : random.nextBoolean()
                                                ? "(?:"
                                                : "(?<n" + Long.toString(random.nextLong() >>> 1, 36) + ">")
                        .append(pattern(random, depth - 1))
                        .append('|')
                        .append(pattern(random, depth - 1))
                        .append(')');
            } else {
                out.append(ATOMS[random.nextInt(ATOMS.length)]);
            }
            out.append(QUANTIFIERS[random.nextInt(QUANTIFIERS.length)]);
        }
        return out.toString();
    }

    private static String text(SplittableRandom random) {
        StringBuilder out = new StringBuilder();
        int[] letters = LETTERS.codePoints().toArray();
        for (int i = random.nextInt(7); i > 0; i--) {
            out.appendCodePoint(letters[random.nextInt(letters.length)]);
        }
        return out.toString();
    }

    @Test
    void wholeTextsMatchAsInJava() {
        int matches = 0;
        for (long seed = 0; seed < 400; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            String pattern = pattern(random, 2);
            Dfa whole = automaton(pattern, Regex::whole);
            if (whole == null) {
                continue;
            }
            Pattern java = Pattern.compile(pattern);
            for (int i = 0; i < 60; i++) {
                String text = text(random);
                boolean expected = java.matcher(text).matches();
                assertThat(whole.accepts(text))
                        .as("seed %d: '%s' on '%s'", seed, pattern, text)
                        .isEqualTo(expected);
                matches += expected ? 1 : 0;
            }
        }
        assertThat(matches).isGreaterThan(1000);
    }

    @Test
    void patternsAreFoundWithinTextsAsInJava() {
        int matches = 0;
        for (long seed = 0; seed < 700; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            String left = random.nextInt(3) == 0 ? "^" : "";
            String right = random.nextInt(3) == 0 ? "$" : "";
            String pattern = left + pattern(random, 1) + right;
            if (random.nextInt(4) == 0) {
                pattern = "(" + pattern + "|^" + pattern(random, 0) + ")c|b$";
            }
            Dfa within = automaton(pattern, Regex::within);
            if (within == null) {
                continue;
            }
            Pattern java = Pattern.compile(pattern);
            for (int i = 0; i < 60; i++) {
                String text = text(random);
                boolean expected = java.matcher(text).find();
                assertThat(within.accepts(text))
                        .as("seed %d: '%s' on '%s'", seed, pattern, text)
                        .isEqualTo(expected);
                matches += expected ? 1 : 0;
            }
        }
        assertThat(matches).isGreaterThan(3000);
    }

    @Test
    void grammarsOfPatternsWriteTextsThatMatch() {
        Vocabulary vocabulary = AwkwardVocabulary.of(5, 900);
        for (long seed = 0; seed < 60; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            String pattern = pattern(random, 2);
            if (automaton(pattern, Regex::whole) == null) {
                continue;
            }
            String text = new RandomModel(vocabulary, random)
                    .write(Grammar.compile(new Syntax.Regular(pattern), vocabulary), random.nextInt(20));
            assertThat(Pattern.matches(pattern, text))
                    .as("seed %d: '%s' on '%s'", seed, pattern, text)
                    .isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(a\tat character 2: the group that begins at character 0 is not closed",
                "a)\tat character 1: there is no group that this ')' closes",
                "[a\tat character 2: the class that begins at character 0 is not closed",
                "[z-a]\tat character 1: a range goes from one character up to another",
                "[\\d-a]\tat character 1: a range goes from one character up to another",
                "[[a]]\tat character 1: classes within classes are not supported",
                "*a\tat character 0: there is nothing to repeat",
                "a**\tat character 2: there is nothing to repeat",
                "{2}\tat character 0: there is nothing to repeat",
                "a{,2}\tat character 2: a count needs a number here",
                "a{3,2}\tat character 0: the count's maximum 2 is below its minimum 3",
                "a{99999}\tat character 2: counts end at 10000",
                "^*a\tat character 0: '^' and '$' cannot be repeated",
                "(?=a)\tat character 0: look-ahead is not supported",
                "(?<!a)\tat character 0: look-behind is not supported",
                "(?i)a\tat character 2: inline flags are not supported",
                "(a)\\1\tat character 3: back references are not supported",
                "\\bword\tat character 0: word boundaries are not supported",
                "\\q\tat character 0: \\q is not an escape known here",
                "\\\tat character 0: nothing follows the backslash",
                "\\u12\tat character 4: a hexadecimal digit has to stand here",
                "\\ud800\tat character 0: half of a surrogate pair is no character",
                "\\p{Greek}\tat character 0: \\p{Greek} is not supported"
            })
    void whatIsNotRegularOrNotAPatternIsRefused(String patternAndProblem) {
        String[] parts = patternAndProblem.split("\t");
        assertThatThrownBy(() -> Regex.whole(parts[0], budget()))
                .isInstanceOf(GrammarException.class)
                .hasMessageStartingWith("pattern " + parts[0] + " " + parts[1]);
    }

    @Test
    void patternsThatNeedTooManyStatesAreRefused() {
        assertThatThrownBy(() -> Regex.whole("(a|b)*a(a|b){24}", new Limits.Budget(FEW_STATES)))
                .isInstanceOf(GrammarException.class)
                .hasMessageStartingWith("needs more than 10000 automaton states");
        assertThatThrownBy(() -> Regex.whole("(((a{1000}){1000}){1000})", budget()))
                .hasMessageStartingWith("needs more than 400000 automaton states");
        assertThatThrownBy(() -> Regex.whole("(".repeat(100) + ")".repeat(100), budget()))
                .hasMessageContaining("groups are nested more than 64 deep");
    }
}
