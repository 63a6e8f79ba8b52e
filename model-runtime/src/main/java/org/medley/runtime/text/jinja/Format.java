package org.medley.runtime.text.jinja;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's {@code %} formatting of strings, for the conversions that texts need. */
final class Format {
    private static final Pattern SPECIFIER = Pattern.compile("%([-+ 0]*)(\\d{0,3})(?:\\.(\\d{1,3}))?([sdifrx%])");

    private Format() {}

    static String percent(String format, List<Object> values) {
        Matcher matcher = SPECIFIER.matcher(format);
        StringBuilder out = new StringBuilder();
        int next = 0;
        while (matcher.find()) {
            String text;
            if (matcher.group(4).equals("%")) {
                text = "%";
            } else if (next < values.size()) {
                text = convert(matcher, values.get(next++));
            } else {
                throw new TemplateException("the format '" + format + "' needs more than " + next + " values");
            }
            matcher.appendReplacement(out, Matcher.quoteReplacement(text));
        }
        return matcher.appendTail(out).toString();
    }

    private static String convert(Matcher matcher, Object value) {
        String flags = matcher.group(1);
        String width = matcher.group(2);
        String precision = matcher.group(3);
        char conversion = matcher.group(4).charAt(0);
        if (conversion == 's' || conversion == 'r') {
            String text = conversion == 's' ? Values.text(value) : Values.repr(value);
            text = precision == null ? text : text.substring(0, Math.min(text.length(), Integer.parseInt(precision)));
            String pad = width.isEmpty() ? "" : " ".repeat(Math.max(0, Integer.parseInt(width) - text.length()));
            return flags.contains("-") ? text + pad : pad + text;
        }
        Number number = Values.number(value);
        if (number == null) {
            throw new TemplateException("%" + conversion + " needs a number, not " + Values.kind(value));
        }
        String padding = width.isEmpty() ? flags.replaceAll("[-0]", "") : flags + width;
        return switch (conversion) {
            case 'd', 'i' -> String.format(Locale.ROOT, "%" + padding + "d", number.longValue());
            case 'x' -> String.format(Locale.ROOT, "%" + padding.replaceAll("[+ ]", "") + "x", number.longValue());
            default ->
                String.format(
                        Locale.ROOT,
                        "%" + padding + "." + (precision == null ? "6" : precision) + "f",
                        number.doubleValue());
        };
    }
}
