package org.medley.runtime.grammar;

import java.util.ArrayList;
import java.util.List;
import org.medley.runtime.grammar.Expr.Chars;
import org.medley.runtime.grammar.Expr.Star;

/**
 * Regular expressions as ECMAScript writes them with its {@code u} flag, as far as they are regular: no back references,
 * look-around, word boundaries or inline flags, which are refused. Where dialects differ on what {@code \s} and
 * {@code .} mean, only what all of them match is written.
 */
final class Regex {
    private static final CodeSet DIGIT = CodeSet.range('0', '9');
    private static final CodeSet WORD =
            DIGIT.union(CodeSet.range('A', 'Z')).union(CodeSet.range('a', 'z')).union(CodeSet.of('_'));
    private static final CodeSet SPACE = CodeSet.of(" \t\n\u000B\f\r");
    /** Everything that is white space in some dialect: what the opposite of white space has to leave out. */
    private static final CodeSet ANY_SPACE = SPACE.union(
                    CodeSet.of("\u0085\u00A0\u1680\u2028\u2029\u202F\u205F\u3000\uFEFF"))
            .union(CodeSet.range(0x2000, 0x200A))
            .union(CodeSet.range(0x1C, 0x1F));

    private static final CodeSet DOT = CodeSet.of("\n\r\u0085\u2028\u2029").complement();
    private static final Expr BEGIN = new Chars(CodeSet.of(Symbols.TEXT_BEGINS));
    private static final Expr END = new Chars(CodeSet.of(Symbols.TEXT_ENDS));
    private static final Expr ANYTHING = new Star(new Chars(CodeSet.range(0, Symbols.TEXT_ENDS)));
    private static final int MOST_COPIES = 10_000;

    private final int[] pattern;
    private final int mostDepth;
    private int at;
    private int depth;

    private Regex(String pattern, Limits limits) {
        if (pattern.length() > limits.characters()) {
            throw new GrammarException("the pattern is longer than " + limits.characters() + " characters");
        }
        this.pattern = pattern.codePoints().toArray();
        this.mostDepth = limits.depth();
    }

    /** The texts that match as a whole. */
    static Dfa whole(String pattern, Limits.Budget budget) {
        Expr expr = new Regex(pattern, budget.limits()).parse();
        return Dfa.of(Expr.seq(Expr.optional(BEGIN), expr, Expr.optional(END)), budget)
                .withinEdges(budget);
    }

    /** The texts in which the pattern is found somewhere. */
    static Dfa within(String pattern, Limits.Budget budget) {
        Expr expr = new Regex(pattern, budget.limits()).parse();
        return Dfa.of(Expr.seq(ANYTHING, expr, ANYTHING), budget).withinEdges(budget);
    }

    private Expr parse() {
        Expr expr = alternatives();
        if (at < pattern.length) {
            throw refuse(at, "there is no group that this ')' closes");
        }
        return expr;
    }

    private Expr alternatives() {
        if (++depth > mostDepth) {
            throw refuse(at, "groups are nested more than " + mostDepth + " deep");
        }
        List<Expr> options = new ArrayList<>();
        do {
            options.add(sequence());
        } while (take('|'));
        depth--;
        return options.size() == 1 ? options.getFirst() : new Expr.Alt(options);
    }

    private Expr sequence() {
        List<Expr> parts = new ArrayList<>();
        while (at < pattern.length && pattern[at] != '|' && pattern[at] != ')') {
            int begin = at;
            Expr atom = atom();
            parts.add(quantified(atom, begin));
        }
        return parts.size() == 1 ? parts.getFirst() : new Expr.Seq(parts);
    }

    private Expr quantified(Expr atom, int begin) {
        int min;
        int max;
        if (take('*')) {
            min = 0;
            max = -1;
        } else if (take('+')) {
            min = 1;
            max = -1;
        } else if (take('?')) {
            min = 0;
            max = 1;
        } else if (take('{')) {
            min = number();
            max = min;
            if (take(',')) {
                max = at < pattern.length && pattern[at] == '}' ? -1 : number();
            }
            expect('}', "'{' begins a count such as {2}, {2,} or {2,5}; written \\{ it stands for itself");
            if (max >= 0 && max < min) {
                throw refuse(begin, "the count's maximum " + max + " is below its minimum " + min);
            }
        } else {
            return atom;
        }
        if (atom == BEGIN || atom == END) {
            throw refuse(begin, "'^' and '$' cannot be repeated");
        }
        take('?'); // Lazy or greedy, the same texts match.
        return min == 0 && max == -1 ? new Star(atom) : Expr.times(atom, min, max);
    }

    private int number() {
        int begin = at;
        long value = 0;
        while (at < pattern.length && DIGIT.contains(pattern[at])) {
            value = value * 10 + pattern[at++] - '0';
            if (value > MOST_COPIES) {
                throw refuse(begin, "counts end at " + MOST_COPIES);
            }
        }
        if (at == begin) {
            throw refuse(at, "a count needs a number here; '{' written \\{ stands for itself");
        }
        return (int) value;
    }

    private Expr atom() {
        int begin = at;
        int c = pattern[at++];
        return switch (c) {
            case '.' -> new Chars(DOT);
            case '^' -> BEGIN;
            case '$' -> END;
            case '[' -> new Chars(characterClass());
            case '(' -> group(begin);
            case '\\' -> new Chars(escape(begin, false));
            case '*', '+', '?' -> throw refuse(begin, "there is nothing to repeat");
            case '{' -> throw refuse(begin, "there is nothing to repeat; '{' written \\{ stands for itself");
            default -> new Chars(CodeSet.of(c));
        };
    }

    private Expr group(int begin) {
        if (take('?')) {
            if (take('<')) {
                if (at < pattern.length && (pattern[at] == '=' || pattern[at] == '!')) {
                    throw refuse(begin, "look-behind is not supported");
                }
                while (at < pattern.length && WORD.contains(pattern[at])) {
                    at++;
                }
                expect('>', "a group's name ends with '>'");
            } else if (at < pattern.length && (pattern[at] == '=' || pattern[at] == '!')) {
                throw refuse(begin, "look-ahead is not supported");
            } else {
                expect(':', "inline flags are not supported");
            }
        }
        Expr inner = alternatives();
        expect(')', "the group that begins at character " + begin + " is not closed");
        // A group around an edge of the text may not be repeated either; a sequence is never the edge itself.
        return inner;
    }

    private CodeSet characterClass() {
        int begin = at - 1;
        boolean negated = take('^');
        CodeSet set = CodeSet.NONE;
        while (at < pattern.length && pattern[at] != ']') {
            int from = at;
            CodeSet item = classItem(negated);
            boolean range = at + 1 < pattern.length && pattern[at] == '-' && pattern[at + 1] != ']';
            if (!range) {
                set = set.union(item);
                continue;
            }
            at++;
            CodeSet last = classItem(negated);
            if (!single(item) || !single(last) || last.first(0) < item.first(0)) {
                throw refuse(from, "a range goes from one character up to another");
            }
            set = set.union(CodeSet.range(item.first(0), last.first(0)));
        }
        expect(']', "the class that begins at character " + begin + " is not closed");
        return negated ? set.complement() : set;
    }

    private static boolean single(CodeSet set) {
        return set.ranges() == 1 && set.first(0) == set.last(0);
    }

    private CodeSet classItem(boolean negated) {
        int begin = at;
        int c = pattern[at++];
        if (c == '[' || c == '&' && at < pattern.length && pattern[at] == '&') {
            throw refuse(
                    begin,
                    "classes within classes are not supported; written with a backslash the character stands"
                            + " for itself");
        }
        return c == '\\' ? escape(begin, negated) : CodeSet.of(c);
    }

    /** @param negated whether what is returned will be complemented */
    private CodeSet escape(int begin, boolean negated) {
        if (at == pattern.length) {
            throw refuse(begin, "nothing follows the backslash");
        }
        int c = pattern[at++];
        return switch (c) {
            case 'd' -> DIGIT;
            case 'D' -> DIGIT.complement();
            case 'w' -> WORD;
            case 'W' -> WORD.complement();
            case 's' -> negated ? ANY_SPACE : SPACE;
            case 'S' -> (negated ? SPACE : ANY_SPACE).complement();
            case 't' -> CodeSet.of('\t');
            case 'n' -> CodeSet.of('\n');
            case 'r' -> CodeSet.of('\r');
            case 'f' -> CodeSet.of('\f');
            case 'v' -> CodeSet.of(0x0B);
            case '0' -> {
                if (at < pattern.length && DIGIT.contains(pattern[at])) {
                    throw refuse(begin, "octal escapes are not supported");
                }
                yield CodeSet.of(0);
            }
            case 'x' -> CodeSet.of(hex(2));
            case 'u' -> CodeSet.of(unicode(begin));
            case 'p', 'P' -> {
                CodeSet category = category(begin);
                yield c == 'p' ? category : category.complement();
            }
            case 'b', 'B' -> throw refuse(begin, "word boundaries are not supported");
            case '1', '2', '3', '4', '5', '6', '7', '8', '9', 'k' ->
                throw refuse(begin, "back references are not supported");
            default -> {
                if (WORD.contains(c)) {
                    throw refuse(begin, "\\" + Character.toString(c) + " is not an escape known here");
                }
                yield CodeSet.of(c);
            }
        };
    }

    private int unicode(int begin) {
        if (take('{')) {
            int value = 0;
            int digits = 0;
            while (at < pattern.length && pattern[at] != '}' && ++digits <= 6) {
                value = value << 4 | hex(1);
            }
            expect('}', "\\u{...} takes one to six hexadecimal digits");
            if (digits == 0 || value > CodeSet.LAST) {
                throw refuse(begin, "\\u{...} names no code point");
            }
            return value;
        }
        int unit = hex(4);
        if (unit >= 0xD800 && unit <= 0xDFFF) {
            if (unit <= 0xDBFF && at + 1 < pattern.length && pattern[at] == '\\' && pattern[at + 1] == 'u') {
                at += 2;
                int low = hex(4);
                if (low >= 0xDC00 && low <= 0xDFFF) {
                    return Character.toCodePoint((char) unit, (char) low);
                }
            }
            throw refuse(begin, "half of a surrogate pair is no character");
        }
        return unit;
    }

    private int hex(int digits) {
        int value = 0;
        for (int i = 0; i < digits; i++) {
            int digit = at < pattern.length ? Character.digit(pattern[at], 16) : -1;
            if (digit < 0 || pattern[at] > 'f') {
                throw refuse(at, "a hexadecimal digit has to stand here");
            }
            at++;
            value = value << 4 | digit;
        }
        return value;
    }

    /** A general category of Unicode by its short name, such as L or Lu. */
    private CodeSet category(int begin) {
        expect('{', "\\p takes a category in braces, such as \\p{L}");
        StringBuilder name = new StringBuilder();
        while (at < pattern.length && pattern[at] != '}') {
            name.appendCodePoint(pattern[at++]);
        }
        expect('}', "\\p takes a category in braces, such as \\p{L}");
        CodeSet set = Categories.named(name.toString());
        if (set == null) {
            throw refuse(
                    begin,
                    "\\p{" + name + "} is not supported; general categories by their short names are, such as \\p{L} or"
                            + " \\p{Lu}");
        }
        return set;
    }

    private boolean take(int c) {
        if (at < pattern.length && pattern[at] == c) {
            at++;
            return true;
        }
        return false;
    }

    private void expect(int c, String problem) {
        if (!take(c)) {
            throw refuse(at, problem);
        }
    }

    private GrammarException refuse(int position, String problem) {
        return new GrammarException(
                "pattern " + new String(pattern, 0, pattern.length) + " at character " + position + ": " + problem);
    }
}
