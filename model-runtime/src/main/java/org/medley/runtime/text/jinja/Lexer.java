package org.medley.runtime.text.jinja;

import java.util.ArrayList;
import java.util.List;
import org.medley.runtime.text.jinja.Token.Kind;

/**
 * Cuts a template into tokens, with white space around tags as chat templates are defined to have it: a newline behind a
 * block tag and blanks before one on its line do not count, a minus takes all white space on its side, a plus none.
 */
final class Lexer {
    private static final List<String> OPERATORS = List.of(
            "**", "//", "==", "!=", "<=", ">=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<",
            "=", ".", ":", "|", ",");

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private int line = 1;

    private Lexer(String source) {
        this.source = source;
    }

    static List<Token> tokens(String template) {
        String source = template.replace("\r\n", "\n").replace('\r', '\n');
        Lexer lexer = new Lexer(source.endsWith("\n") ? source.substring(0, source.length() - 1) : source);
        lexer.run();
        return lexer.tokens;
    }

    private void run() {
        boolean lineStarts = true;
        while (at < source.length()) {
            int tag = nextTag();
            String text = source.substring(at, tag);
            if (tag == source.length()) {
                add(Kind.TEXT, text);
                at = tag;
                break;
            }
            char kind = source.charAt(tag + 1);
            char sign = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
            add(Kind.TEXT, before(text, kind, sign, lineStarts));
            line += newlines(text);
            at = tag + (sign == '-' || sign == '+' ? 3 : 2);
            lineStarts = switch (kind) {
                case '#' -> comment();
                case '%' -> block();
                default -> output();
            };
        }
        tokens.add(new Token(Kind.END, "", line));
    }

    private static int newlines(String text) {
        return (int) text.chars().filter(c -> c == '\n').count();
    }

    private int nextTag() {
        for (int i = source.indexOf('{', at); i >= 0 && i + 1 < source.length(); i = source.indexOf('{', i + 1)) {
            if ("{%#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return source.length();
    }

    /** What is left of the text before a tag. */
    private static String before(String text, char kind, char sign, boolean lineStarts) {
        if (sign == '-') {
            return text.stripTrailing();
        }
        int start = text.lastIndexOf('\n') + 1;
        boolean blank = text.substring(start).isBlank() && (start > 0 || lineStarts);
        return kind != '{' && sign != '+' && blank ? text.substring(0, start) : text;
    }

    private void add(Kind kind, String text) {
        if (kind != Kind.TEXT || !text.isEmpty()) {
            tokens.add(new Token(kind, text, line));
        }
    }

    /** Skips a comment; true if a line begins behind it. */
    private boolean comment() {
        int end = source.indexOf("#}", at);
        if (end < 0) {
            throw new TemplateException(line, "a comment is not closed by #}");
        }
        line += newlines(source.substring(at, end));
        at = end + 2;
        return after(end > 0 ? source.charAt(end - 1) : ' ', true);
    }

    /** Takes the white space that a tag's end takes; true if that was a newline. */
    private boolean after(char sign, boolean block) {
        int start = at;
        if (sign == '-') {
            while (at < source.length() && Character.isWhitespace(source.charAt(at))) {
                at++;
            }
        } else if (block && sign != '+' && at < source.length() && source.charAt(at) == '\n') {
            at++;
        }
        line += newlines(source.substring(start, at));
        return at > start && source.charAt(at - 1) == '\n';
    }

    private boolean output() {
        add(Kind.OUTPUT_BEGIN, "{{");
        boolean starts = inside("}}", Kind.OUTPUT_END);
        return starts;
    }

    private boolean block() {
        int first = tokens.size();
        add(Kind.BLOCK_BEGIN, "{%");
        boolean starts = inside("%}", Kind.BLOCK_END);
        boolean raw = tokens.size() == first + 3 && tokens.get(first + 1).is(Kind.NAME, "raw");
        if (!raw) {
            return starts;
        }
        tokens.subList(first, tokens.size()).clear();
        return raw();
    }

    private boolean raw() {
        java.util.regex.Matcher end = java.util.regex.Pattern.compile("\\{%([-+]?)\\s*endraw\\s*([-+]?)%}")
                .matcher(source);
        if (!end.find(at)) {
            throw new TemplateException(line, "raw is not closed by endraw");
        }
        String text = source.substring(at, end.start());
        add(
                Kind.TEXT,
                before(text, '%', end.group(1).isEmpty() ? ' ' : end.group(1).charAt(0), false));
        line += newlines(source.substring(at, end.end()));
        at = end.end();
        return after(end.group(2).isEmpty() ? ' ' : end.group(2).charAt(0), true);
    }

    /** Words, literals and operators up to the tag's end; true if a line begins behind it. */
    private boolean inside(String end, Kind endKind) {
        int depth = 0;
        while (true) {
            while (at < source.length() && Character.isWhitespace(source.charAt(at))) {
                line += source.charAt(at++) == '\n' ? 1 : 0;
            }
            if (at >= source.length()) {
                throw new TemplateException(line, "a tag is not closed by " + end);
            }
            boolean signed = "-+".indexOf(source.charAt(at)) >= 0 && source.startsWith(end, at + 1);
            if (depth == 0 && (signed || source.startsWith(end, at))) {
                add(endKind, end);
                char sign = signed ? source.charAt(at) : ' ';
                at += signed ? 3 : 2;
                return after(sign, endKind == Kind.BLOCK_END);
            }
            depth += token();
        }
    }

    /** Takes one token; by how much brackets are deeper after it. */
    private int token() {
        char c = source.charAt(at);
        if (c == '"' || c == '\'') {
            string(c);
            return 0;
        }
        int start = at;
        if (Character.isDigit(c)) {
            number();
            return 0;
        }
        while (at < source.length() && Character.isJavaIdentifierPart(source.charAt(at)) && source.charAt(at) != '$') {
            at++;
        }
        if (at > start) {
            add(Kind.NAME, source.substring(start, at));
            return 0;
        }
        for (String operator : OPERATORS) {
            if (source.startsWith(operator, at)) {
                at += operator.length();
                add(Kind.OPERATOR, operator);
                return "([{".contains(operator) ? 1 : ")]}".contains(operator) ? -1 : 0;
            }
        }
        throw new TemplateException(line, "'" + c + "' has no meaning in a tag");
    }

    private void number() {
        int start = at;
        digits();
        boolean fraction =
                at + 1 < source.length() && source.charAt(at) == '.' && Character.isDigit(source.charAt(at + 1));
        if (fraction) {
            at++;
            digits();
        }
        boolean exponent =
                source.substring(at, Math.min(at + 3, source.length())).matches("[eE](\\d.?|[+-]\\d)");
        if (exponent) {
            at += 2;
            digits();
        }
        add(
                fraction || exponent ? Kind.FLOAT : Kind.INTEGER,
                source.substring(start, at).replace("_", ""));
    }

    private void digits() {
        while (at < source.length() && (Character.isDigit(source.charAt(at)) || source.charAt(at) == '_')) {
            at++;
        }
    }

    private void string(char quote) {
        StringBuilder text = new StringBuilder();
        int began = line;
        for (at++; at < source.length(); at++) {
            char c = source.charAt(at);
            if (c == quote) {
                at++;
                tokens.add(new Token(Kind.STRING, text.toString(), began));
                return;
            }
            line += c == '\n' ? 1 : 0;
            if (c == '\\' && at + 1 < source.length()) {
                escape(text);
            } else {
                text.append(c);
            }
        }
        throw new TemplateException(began, "a string is not closed by " + quote);
    }

    /** Appends what the escape at the backslash means and stops at its last character, as Python's strings have it. */
    private void escape(StringBuilder text) {
        char c = source.charAt(++at);
        int known = "ntrbfva0".indexOf(c);
        if (known >= 0) {
            text.append("\n\t\r\b\f\u000b\u0007\0".charAt(known));
        } else if (c == 'x' || c == 'u' || c == 'U') {
            int count = c == 'x' ? 2 : c == 'u' ? 4 : 8;
            try {
                text.appendCodePoint(Integer.parseInt(source, at + 1, at + 1 + count, 16));
            } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
                throw new TemplateException(line, "\\" + c + " must be followed by " + count + " hexadecimal digits");
            }
            at += count;
        } else if (c == '\\' || c == '\'' || c == '"') {
            text.append(c);
        } else if (c != '\n') {
            text.append('\\').append(c);
        }
    }
}
