package org.medley.runtime.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Numbers between bounds beside BigDecimal. */
class DecimalsTest {
    private static BigDecimal bound(SplittableRandom random) {
        return switch (random.nextInt(4)) {
            case 0 -> null;
            case 1 -> BigDecimal.valueOf(random.nextInt(-20, 20));
            case 2 -> BigDecimal.valueOf(random.nextInt(-2000, 2000), random.nextInt(5));
            default -> BigDecimal.valueOf(random.nextInt(-9, 10), -random.nextInt(3));
        };
    }

    /** A number near the bounds, in one of its spellings. */
    private static String number(SplittableRandom random, BigDecimal near, boolean integer) {
        BigDecimal value = (near == null ? BigDecimal.ZERO : near)
                .add(BigDecimal.valueOf(random.nextInt(-30, 30), integer ? 0 : random.nextInt(4)));
        if (integer) {
            value = value.setScale(0, java.math.RoundingMode.FLOOR);
        } else if (random.nextInt(3) == 0) {
            value = value.setScale(Math.max(0, value.scale()) + random.nextInt(3));
        }
        return value.toPlainString();
    }

    @Test
    void numbersAreWrittenIfTheyLieBetweenTheBounds() {
        int in = 0;
        int out = 0;
        for (long seed = 0; seed < 1500; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            BigDecimal min = bound(random);
            BigDecimal max = bound(random);
            boolean minOut = random.nextBoolean();
            boolean maxOut = random.nextBoolean();
            boolean integer = random.nextBoolean();
            Dfa dfa = Decimals.between(min, minOut, max, maxOut, integer, new Limits.Budget(Limits.DEFAULT));
            for (int i = 0; i < 40; i++) {
                String text = number(random, random.nextBoolean() ? min : max, integer);
                BigDecimal value = new BigDecimal(text);
                boolean expected = (min == null || value.compareTo(min) >= (minOut ? 1 : 0))
                        && (max == null || value.compareTo(max) <= (maxOut ? -1 : 0));
                assertThat(dfa.accepts(text))
                        .as("seed %d: %s in %s%s, %s%s", seed, text, minOut ? "(" : "[", min, max, maxOut ? ")" : "]")
                        .isEqualTo(expected);
                in += expected ? 1 : 0;
                out += expected ? 0 : 1;
            }
        }
        assertThat(in).isGreaterThan(5_000);
        assertThat(out).isGreaterThan(5_000);
    }

    @Test
    void nothingButPlainNumbersIsWritten() {
        Dfa any =
                Decimals.between(BigDecimal.valueOf(-5), false, null, false, false, new Limits.Budget(Limits.DEFAULT));
        for (String text : "0|-1|-4.99|5|10.010|999999999999999999|0.1234567890123456".split("\\|")) {
            assertThat(any.accepts(text)).as(text).isTrue();
        }
        for (String text :
                "|-|-0|-0.0|00|01|1.|.5|+1|1e3|1000000000000000000|0.12345678901234567|1-|--1".split("\\|")) {
            assertThat(any.accepts(text)).as(text).isFalse();
        }
    }
}
