package org.medley.runtime.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.medley.runtime.grammar.Expr.Alt;
import org.medley.runtime.grammar.Expr.Call;
import org.medley.runtime.grammar.Expr.Chars;
import org.medley.runtime.grammar.Expr.Counted;
import org.medley.runtime.grammar.Expr.Edge;
import org.medley.runtime.grammar.Expr.Star;

/**
 * The parts of JSON (RFC 8259) that grammars share, as rules of one grammar.
 *
 * <p>White space is optional and bounded, so that nobody can lose themselves in it: after a colon at most one space;
 * after an opening bracket or a comma, and before the closing bracket of what is not empty, one space, or one line feed
 * and at most {@value #MOST_INDENT} spaces. Compact, spaced and indented texts all fit.
 */
final class Json {
    static final int MOST_INDENT = 20;
    private static final CodeSet CONTROLS = CodeSet.range(0, 0x1F);
    private static final CodeSet ESCAPED = CONTROLS.union(CodeSet.of("\"\\"));
    private static final CodeSet NOT_ASCII = CodeSet.range(0x80, CodeSet.LAST);
    private static final Expr HEX = Expr.chars("0123456789abcdefABCDEF");
    private static final Expr DIGIT = Expr.chars('0', '9');

    /** One character of a string in any spelling; a surrogate is only written as half of a pair. */
    private static final Expr CHARACTER = Expr.alt(
            new Chars(ESCAPED.complement()),
            Expr.seq(Expr.text("\\"), Expr.chars("\"\\/bfnrt")),
            Expr.seq(
                    Expr.text("\\u"),
                    Expr.alt(
                            Expr.seq(Expr.chars("0123456789abcefABCEF"), HEX, HEX, HEX),
                            Expr.seq(Expr.chars("dD"), Expr.chars('0', '7'), HEX, HEX),
                            Expr.seq(
                                    Expr.chars("dD"),
                                    Expr.chars("89abAB"),
                                    HEX,
                                    HEX,
                                    Expr.text("\\u"),
                                    Expr.chars("dD"),
                                    Expr.chars("cdefCDEF"),
                                    HEX,
                                    HEX))));

    private final Rules rules;
    private Call space;
    private Call string;
    private Call value;
    private Call object;
    private Call array;
    private Call number;
    private Call integer;

    Json(Rules rules) {
        this.rules = rules;
    }

    /** Where a line may break. */
    Call space() {
        if (space == null) {
            space = rules.add(Expr.alt(
                    Expr.EMPTY, Expr.text(" "), Expr.seq(Expr.text("\n"), Expr.times(Expr.text(" "), 0, MOST_INDENT))));
        }
        return space;
    }

    /** Between members or items. */
    Expr comma() {
        return Expr.seq(Expr.text(","), space());
    }

    /** Between a member's name and its value. */
    Expr colon() {
        return Expr.seq(Expr.text(":"), Expr.optional(Expr.text(" ")));
    }

    Call string() {
        if (string == null) {
            string = rules.add(Expr.seq(Expr.text("\""), new Star(CHARACTER), Expr.text("\"")));
        }
        return string;
    }

    /** Lengths in code points. */
    Call string(int min, int max) {
        if (min == 0 && max == Rules.MANY) {
            return string();
        }
        return rules.counted(
                Expr.seq(
                        Expr.text("\""),
                        max == 0 ? Expr.EMPTY : new Counted(CHARACTER, Expr.EMPTY, min == 0),
                        Expr.text("\"")),
                min,
                max);
    }

    /** A string with one of these contents, each in its shortest spelling. */
    Expr string(Dfa contents) {
        return Expr.seq(Expr.text("\""), contents.spelled(this::spelling), Expr.text("\""));
    }

    /** Contents of strings in their shortest spelling: only what must be escaped is. What takes many states is a rule. */
    private Expr spelling(CodeSet set) {
        CodeSet plain = set.minus(ESCAPED);
        CodeSet escaped = set.intersect(ESCAPED);
        List<Expr> options = new ArrayList<>();
        if (NOT_ASCII.minus(plain).isEmpty()) {
            options.add(rules.named(NOT_ASCII, () -> new Chars(NOT_ASCII)));
            plain = plain.minus(NOT_ASCII);
        }
        options.add(new Chars(plain));
        if (!escaped.isEmpty()) {
            options.add(rules.named(new Escapes(escaped), () -> escapes(escaped)));
        }
        return new Alt(options);
    }

    /** Names the rule for the escapes of a set. */
    private record Escapes(CodeSet set) {}

    private static Expr escapes(CodeSet set) {
        List<Expr> options = new ArrayList<>();
        for (int range = 0; range < set.ranges(); range++) {
            for (int c = set.first(range); c <= set.last(range); c++) {
                options.add(Expr.text(escape(c)));
            }
        }
        return new Alt(options);
    }

    /** {@code text} as a string, in its shortest spelling. */
    static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        text.codePoints().forEach(c -> {
            if (ESCAPED.contains(c)) {
                out.append(escape(c));
            } else {
                out.appendCodePoint(c);
            }
        });
        return out.append('"').toString();
    }

    private static String escape(int c) {
        return switch (c) {
            case '"' -> "\\\"";
            case '\\' -> "\\\\";
            case '\b' -> "\\b";
            case '\f' -> "\\f";
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> String.format("\\u%04x", c);
        };
    }

    /** Any number; digits before and after the point and in the exponent end somewhere, so that a number does. */
    Call number() {
        if (number == null) {
            Expr whole = Expr.alt(Expr.text("0"), Expr.seq(Expr.chars('1', '9'), Expr.times(DIGIT, 0, 17)));
            number = rules.add(Expr.seq(
                    Expr.optional(Expr.text("-")),
                    whole,
                    Expr.optional(Expr.seq(Expr.text("."), Expr.times(DIGIT, 1, 16))),
                    Expr.optional(
                            Expr.seq(Expr.chars("eE"), Expr.optional(Expr.chars("+-")), Expr.times(DIGIT, 1, 2)))));
        }
        return number;
    }

    /** Any integer of at most 18 digits. */
    Call integer() {
        if (integer == null) {
            integer = rules.add(Expr.alt(
                    Expr.text("0"),
                    Expr.seq(Expr.optional(Expr.text("-")), Expr.chars('1', '9'), Expr.times(DIGIT, 0, 17))));
        }
        return integer;
    }

    /** Any value. */
    Call value() {
        if (value == null) {
            int rule = rules.open();
            value = new Call(rule);
            rules.close(
                    rule,
                    Expr.alt(
                            object(),
                            array(),
                            string(),
                            number(),
                            Expr.text("true"),
                            Expr.text("false"),
                            Expr.text("null")));
        }
        return value;
    }

    /** Any object. */
    Call object() {
        if (object == null) {
            int rule = rules.open();
            object = new Call(rule);
            rules.close(rule, listed("{", Expr.seq(string(), colon(), value()), "}"));
        }
        return object;
    }

    /** Any array. */
    Call array() {
        if (array == null) {
            int rule = rules.open();
            array = new Call(rule);
            rules.close(rule, listed("[", value(), "]"));
        }
        return array;
    }

    private Expr listed(String opening, Expr item, String closing) {
        Expr filled = new Expr.Graph(
                3, List.of(new Edge(0, space(), 1), new Edge(1, item, 2), new Edge(2, comma(), 1)), Set.of(2));
        return Expr.seq(Expr.text(opening), Expr.optional(Expr.seq(filled, space())), Expr.text(closing));
    }
}
