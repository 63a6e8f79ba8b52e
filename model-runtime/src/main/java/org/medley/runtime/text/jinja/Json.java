package org.medley.runtime.text.jinja;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Values as Python's {@code json.dumps} writes them, characters beyond ASCII kept. */
final class Json {
    private final StringBuilder out = new StringBuilder();
    /** Null to write all in one line. */
    private final String indent;

    private final String between;
    private final String colon;
    private final boolean sorted;

    private Json(String indent, String between, String colon, boolean sorted) {
        this.indent = indent;
        this.between = between;
        this.colon = colon;
        this.sorted = sorted;
    }

    static String of(Object value, Map<String, Object> options) {
        Object indent = options.get("indent");
        String step = indent == null
                ? null
                : indent instanceof String text
                        ? text
                        : " ".repeat((int) Math.clamp(Values.integer(indent, "indent"), 0, 16));
        String between = step == null ? ", " : ",";
        String colon = ": ";
        if (options.get("separators") instanceof List<?> separators && separators.size() == 2) {
            between = Values.text(separators.get(0));
            colon = Values.text(separators.get(1));
        }
        Json json = new Json(step, between, colon, Values.truth(options.get("sort_keys")));
        json.write(value, 0);
        return Values.truth(options.get("ensure_ascii")) ? ascii(json.out) : json.out.toString();
    }

    private static String ascii(StringBuilder text) {
        StringBuilder out = new StringBuilder();
        text.chars().forEach(c -> {
            if (c < 128) {
                out.append((char) c);
            } else {
                out.append(String.format("\\u%04x", c));
            }
        });
        return out.toString();
    }

    private void write(Object value, int depth) {
        if (depth > 100 || out.length() > Output.MOST) {
            throw new TemplateException("a value is too large to be written as JSON");
        }
        switch (value) {
            case null -> out.append("null");
            case Boolean b -> out.append(b.booleanValue());
            case Long l -> out.append(l.longValue());
            case Double d -> out.append(number(d));
            case String s -> quote(s);
            case List<?> list -> {
                String before = "[";
                for (Object item : list) {
                    out.append(before);
                    line(depth + 1);
                    write(item, depth + 1);
                    before = between;
                }
                end(list.isEmpty(), '[', ']', depth);
            }
            case Map<?, ?> map -> {
                String before = "{";
                for (var entry : (sorted ? sorted(map) : map).entrySet()) {
                    out.append(before);
                    line(depth + 1);
                    quote(key(entry.getKey()));
                    out.append(colon);
                    write(entry.getValue(), depth + 1);
                    before = between;
                }
                end(map.isEmpty(), '{', '}', depth);
            }
            case Undefined undefined -> throw undefined.use();
            default -> throw new TemplateException(Values.kind(value) + " cannot be written as JSON");
        }
    }

    private static String number(double value) {
        return Double.isNaN(value)
                ? "NaN"
                : Double.isInfinite(value) ? (value > 0 ? "Infinity" : "-Infinity") : Values.decimal(value);
    }

    private static Map<String, Object> sorted(Map<?, ?> map) {
        Map<String, Object> sorted = new TreeMap<>();
        map.forEach((key, value) -> sorted.put(key(key), value));
        return sorted;
    }

    private static String key(Object key) {
        return switch (key) {
            case null -> "null";
            case Boolean b -> b.toString();
            default -> Values.text(key);
        };
    }

    private void end(boolean empty, char open, char close, int depth) {
        if (empty) {
            out.append(open);
        } else {
            line(depth);
        }
        out.append(close);
    }

    private void line(int depth) {
        if (indent != null) {
            out.append('\n').append(indent.repeat(depth));
        }
    }

    private void quote(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (c < ' ') {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
