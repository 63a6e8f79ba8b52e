package org.medley.runtime.grammar;

import java.math.BigDecimal;

/**
 * Decimal numbers between two bounds, without exponent, compared with the bounds digit by digit as they are written.
 * Numbers have no leading zeros, there is no negative zero, and digits end somewhere so that a number does.
 */
final class Decimals {
    /** Digits before the point, if the bounds do not need more: every such integer fits in 64 bits. */
    private static final int WHOLE_DIGITS = 18;
    /** Digits after the point, if the bounds do not need more: as many as a double tells apart near one. */
    private static final int FRACTION_DIGITS = 16;

    private static final int MOST_DIGITS = 400;
    private static final Alphabet SYMBOLS =
            Alphabet.of("-.0123456789".chars().mapToObj(CodeSet::of).toList());

    /** How what is written so far compares with a bound's magnitude, digit by digit. */
    private record Against(Bound bound, int order) {
        /** @param position of the digit among the whole ones */
        Against whole(int position, int digit) {
            return order != 0 || position >= bound.whole.length()
                    ? this
                    : new Against(bound, Integer.compare(digit, bound.whole.charAt(position) - '0'));
        }

        /** The whole part has ended; a longer one is larger. */
        Against wholeEnds(int digits) {
            int length = Integer.compare(digits, bound.whole.length());
            return length == 0 ? this : new Against(bound, length);
        }

        Against fraction(int position, int digit) {
            int other = position < bound.fraction.length() ? bound.fraction.charAt(position) - '0' : 0;
            return order != 0 ? this : new Against(bound, Integer.compare(digit, other));
        }

        /** The number has ended after so many digits of its fraction. */
        int ends(int digits) {
            return order != 0 ? order : digits < bound.fraction.length() ? -1 : 0;
        }
    }

    /** A bound's magnitude in digits; the fraction has no trailing zeros. */
    private record Bound(String whole, String fraction) {
        static Bound of(BigDecimal value) {
            String plain = value.abs().stripTrailingZeros().toPlainString();
            int point = plain.indexOf('.');
            return point < 0 ? new Bound(plain, "") : new Bound(plain.substring(0, point), plain.substring(point + 1));
        }
    }

    private enum Part {
        NOTHING,
        SIGN,
        ZERO,
        WHOLE,
        POINT,
        FRACTION
    }

    /** @param digits in the part being written */
    private record Written(Part part, boolean negative, boolean nonzero, int digits, Against low, Against high) {}

    private final BigDecimal min;
    private final boolean minOut;
    private final BigDecimal max;
    private final boolean maxOut;
    private final int wholeDigits;
    private final int fractionDigits;

    private Decimals(BigDecimal min, boolean minOut, BigDecimal max, boolean maxOut, boolean integer) {
        this.min = min;
        this.minOut = minOut;
        this.max = max;
        this.maxOut = maxOut;
        Bound low = Bound.of(min == null ? BigDecimal.ZERO : min);
        Bound high = Bound.of(max == null ? BigDecimal.ZERO : max);
        this.wholeDigits = Math.max(WHOLE_DIGITS, Math.max(low.whole.length(), high.whole.length()));
        this.fractionDigits =
                integer ? 0 : Math.max(FRACTION_DIGITS, Math.max(low.fraction.length(), high.fraction.length()) + 1);
    }

    /**
     * @param min null for none
     * @param minOut whether the minimum itself is not allowed
     * @param max null for none
     */
    static Dfa between(
            BigDecimal min, boolean minOut, BigDecimal max, boolean maxOut, boolean integer, Limits.Budget budget) {
        return new Decimals(min, minOut, max, maxOut, integer).automaton(budget);
    }

    /** Whether the bound has so many digits that no number would be written that long. */
    static boolean tooLong(BigDecimal bound) {
        return Math.max(bound.precision(), Math.abs((long) bound.precision() - bound.scale())) > MOST_DIGITS
                || Math.abs((long) bound.scale()) > MOST_DIGITS;
    }

    private Dfa automaton(Limits.Budget budget) {
        Against low = new Against(Bound.of(min == null ? BigDecimal.ZERO : min), 0);
        Against high = new Against(Bound.of(max == null ? BigDecimal.ZERO : max), 0);
        return Dfa.explore(
                new Written(Part.NOTHING, false, false, 0, low, high), SYMBOLS, this::after, this::ends, budget);
    }

    private Written after(Written w, int symbol) {
        return switch (symbol) {
            case '-' -> w.part == Part.NOTHING ? new Written(Part.SIGN, true, false, 0, w.low, w.high) : null;
            case '.' ->
                (w.part == Part.ZERO || w.part == Part.WHOLE) && fractionDigits > 0
                        ? new Written(
                                Part.POINT,
                                w.negative,
                                w.nonzero,
                                0,
                                w.low.wholeEnds(w.digits),
                                w.high.wholeEnds(w.digits))
                        : null;
            default -> symbol >= '0' && symbol <= '9' ? digit(w, symbol - '0') : null;
        };
    }

    private Written digit(Written w, int digit) {
        boolean nonzero = w.nonzero || digit != 0;
        return switch (w.part) {
            case NOTHING, SIGN ->
                new Written(
                        digit == 0 ? Part.ZERO : Part.WHOLE,
                        w.negative,
                        nonzero,
                        1,
                        w.low.whole(0, digit),
                        w.high.whole(0, digit));
            case ZERO -> null;
            case WHOLE ->
                w.digits == wholeDigits
                        ? null
                        : new Written(
                                Part.WHOLE,
                                w.negative,
                                nonzero,
                                w.digits + 1,
                                w.low.whole(w.digits, digit),
                                w.high.whole(w.digits, digit));
            case POINT, FRACTION ->
                w.digits == fractionDigits
                        ? null
                        : new Written(
                                Part.FRACTION,
                                w.negative,
                                nonzero,
                                w.digits + 1,
                                w.low.fraction(w.digits, digit),
                                w.high.fraction(w.digits, digit));
        };
    }

    private boolean ends(Written w) {
        if (w.part == Part.NOTHING || w.part == Part.SIGN || w.part == Part.POINT || w.negative && !w.nonzero) {
            return false;
        }
        int aboveMin = compare(w, w.low, min);
        int aboveMax = compare(w, w.high, max);
        return (min == null || (minOut ? aboveMin > 0 : aboveMin >= 0))
                && (max == null || (maxOut ? aboveMax < 0 : aboveMax <= 0));
    }

    /** The sign of the number written less {@code bound}. */
    private static int compare(Written w, Against against, BigDecimal bound) {
        if (bound == null) {
            return 0;
        }
        if (w.negative != bound.signum() < 0) {
            return w.negative ? -1 : 1;
        }
        int magnitude = w.part == Part.FRACTION
                ? against.ends(w.digits)
                : against.wholeEnds(w.digits).ends(0);
        return w.negative ? -magnitude : magnitude;
    }
}
