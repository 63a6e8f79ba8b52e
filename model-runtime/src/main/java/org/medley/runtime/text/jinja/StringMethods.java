package org.medley.runtime.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;

/** The methods of Python's strings that templates call. */
final class StringMethods {
    private StringMethods() {}

    /** The method, or null if there is none of the name. */
    static Callable of(String text, String name) {
        return switch (name) {
            case "strip" -> (arguments, named) -> strip(text, characters(arguments), true, true);
            case "lstrip" -> (arguments, named) -> strip(text, characters(arguments), true, false);
            case "rstrip" -> (arguments, named) -> strip(text, characters(arguments), false, true);
            case "startswith" -> (arguments, named) -> any(arguments, text::startsWith);
            case "endswith" -> (arguments, named) -> any(arguments, text::endsWith);
            case "split" -> (arguments, named) -> split(text, separator(arguments), most(arguments, named));
            case "rsplit" -> (arguments, named) -> rsplit(text, separator(arguments), most(arguments, named));
            case "splitlines" ->
                (arguments, named) -> new ArrayList<Object>(text.lines().toList());
            case "upper" -> (arguments, named) -> text.toUpperCase(Locale.ROOT);
            case "lower" -> (arguments, named) -> text.toLowerCase(Locale.ROOT);
            case "title" -> (arguments, named) -> title(text);
            case "capitalize" -> (arguments, named) -> capitalize(text);
            case "replace" ->
                (arguments, named) -> replace(
                        text,
                        string(arguments, 0),
                        string(arguments, 1),
                        arguments.size() > 2 ? Values.integer(arguments.get(2), "a count") : -1);
            case "find" -> (arguments, named) -> position(text, text.indexOf(string(arguments, 0)));
            case "rfind" -> (arguments, named) -> position(text, text.lastIndexOf(string(arguments, 0)));
            case "index" ->
                (arguments, named) -> {
                    if (!text.contains(string(arguments, 0))) {
                        throw new TemplateException("the string does not contain " + Values.repr(arguments.getFirst()));
                    }
                    return position(text, text.indexOf(string(arguments, 0)));
                };
            case "count" -> (arguments, named) -> count(text, string(arguments, 0));
            case "join" -> (arguments, named) -> Filters.joined(Values.items(Functions.first(arguments, "join")), text);
            case "removeprefix" ->
                (arguments, named) -> text.startsWith(string(arguments, 0))
                        ? text.substring(string(arguments, 0).length())
                        : text;
            case "removesuffix" ->
                (arguments, named) -> text.endsWith(string(arguments, 0))
                        ? text.substring(0, text.length() - string(arguments, 0).length())
                        : text;
            case "isdigit" -> (arguments, named) -> all(text, Character::isDigit);
            case "isalpha" -> (arguments, named) -> all(text, Character::isLetter);
            case "isalnum" -> (arguments, named) -> all(text, Character::isLetterOrDigit);
            case "isspace" -> (arguments, named) -> all(text, StringMethods::isSpace);
            case "isupper" -> (arguments, named) -> isCase(text, text.toUpperCase(Locale.ROOT));
            case "islower" -> (arguments, named) -> isCase(text, text.toLowerCase(Locale.ROOT));
            default -> null;
        };
    }

    private static boolean all(String text, IntPredicate predicate) {
        return !text.isEmpty() && text.codePoints().allMatch(predicate);
    }

    private static boolean isCase(String text, String converted) {
        boolean cased = text.codePoints().anyMatch(c -> Character.toUpperCase(c) != Character.toLowerCase(c));
        return cased && text.equals(converted);
    }

    static boolean isSpace(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
    }

    private static String string(List<Object> arguments, int index) {
        if (index < arguments.size() && arguments.get(index) instanceof String text) {
            return text;
        }
        throw new TemplateException("a string method needs a string as argument " + (index + 1));
    }

    private static String characters(List<Object> arguments) {
        return arguments.isEmpty() || arguments.getFirst() == null ? null : string(arguments, 0);
    }

    private static String separator(List<Object> arguments) {
        String separator = characters(arguments);
        if ("".equals(separator)) {
            throw new TemplateException("a string cannot be split at an empty separator");
        }
        return separator;
    }

    private static long most(List<Object> arguments, java.util.Map<String, Object> named) {
        Object most = arguments.size() > 1 ? arguments.get(1) : named.getOrDefault("maxsplit", -1L);
        return Values.integer(most, "maxsplit");
    }

    private static boolean any(List<Object> arguments, java.util.function.Predicate<String> matches) {
        if (!arguments.isEmpty() && arguments.getFirst() instanceof List<?> several) {
            return several.stream().anyMatch(one -> one instanceof String text && matches.test(text));
        }
        return matches.test(string(arguments, 0));
    }

    /** Takes white space, or any of the characters, off the ends. */
    static String strip(String text, String characters, boolean left, boolean right) {
        IntPredicate gone = characters == null ? StringMethods::isSpace : c -> characters.indexOf(c) >= 0;
        int from = 0;
        int to = text.length();
        while (left && from < to && gone.test(text.codePointAt(from))) {
            from += Character.charCount(text.codePointAt(from));
        }
        while (right && to > from && gone.test(text.codePointBefore(to))) {
            to -= Character.charCount(text.codePointBefore(to));
        }
        return text.substring(from, to);
    }

    private static List<Object> split(String text, String separator, long most) {
        List<Object> parts = new ArrayList<>();
        String rest = separator == null ? strip(text, null, true, false) : text;
        while (most < 0 || parts.size() < most) {
            int at = separator == null ? space(rest) : rest.indexOf(separator);
            if (at < 0) {
                break;
            }
            parts.add(rest.substring(0, at));
            rest = separator == null
                    ? strip(rest.substring(at), null, true, false)
                    : rest.substring(at + separator.length());
        }
        if (separator != null || !rest.isEmpty()) {
            parts.add(rest);
        }
        return parts;
    }

    private static int space(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (isSpace(text.charAt(i))) {
                return i;
            }
        }
        return -1;
    }

    private static List<Object> rsplit(String text, String separator, long most) {
        List<Object> all = split(text, separator, -1);
        if (most < 0 || all.size() <= most + 1) {
            return all;
        }
        String rest = separator == null ? strip(text, null, false, true) : text;
        List<Object> parts = new ArrayList<>();
        for (int i = all.size() - 1; parts.size() < most; i--) {
            String part = (String) all.get(i);
            parts.addFirst(part);
            rest = rest.substring(0, rest.length() - part.length());
            rest = separator == null
                    ? strip(rest, null, false, true)
                    : rest.substring(0, rest.length() - separator.length());
        }
        parts.addFirst(rest);
        return parts;
    }

    static String replace(String text, String from, String to, long most) {
        if (from.isEmpty()) {
            throw new TemplateException("an empty string cannot be replaced");
        }
        long growth = count(text, from) * Math.max(0, to.length() - from.length());
        if (text.length() + growth > Output.MOST) {
            throw new TemplateException("a string grows beyond " + Output.MOST + " characters");
        }
        if (most < 0) {
            return text.replace(from, to);
        }
        StringBuilder out = new StringBuilder();
        int at = 0;
        for (long i = 0; i < most && text.indexOf(from, at) >= 0; i++) {
            int found = text.indexOf(from, at);
            out.append(text, at, found).append(to);
            at = found + from.length();
        }
        return out.append(text.substring(at)).toString();
    }

    private static long count(String text, String part) {
        if (part.isEmpty()) {
            return text.codePointCount(0, text.length()) + 1L;
        }
        long count = 0;
        for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length())) {
            count++;
        }
        return count;
    }

    private static long position(String text, int index) {
        return index < 0 ? -1 : text.codePointCount(0, index);
    }

    static String capitalize(String text) {
        return text.isEmpty()
                ? text
                : text.substring(0, text.offsetByCodePoints(0, 1)).toUpperCase(Locale.ROOT)
                        + text.substring(text.offsetByCodePoints(0, 1)).toLowerCase(Locale.ROOT);
    }

    /** Every word with a capital first letter, words being runs of letters. */
    static String title(String text) {
        StringBuilder out = new StringBuilder();
        boolean inWord = false;
        for (int c : text.codePoints().toArray()) {
            out.appendCodePoint(inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
            inWord = Character.isLetter(c);
        }
        return out.toString();
    }
}
