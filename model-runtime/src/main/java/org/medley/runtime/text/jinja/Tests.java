package org.medley.runtime.text.jinja;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What can stand behind {@code is}. */
final class Tests {
    static final Set<String> NAMES = Set.of(
            "boolean",
            "callable",
            "defined",
            "divisibleby",
            "eq",
            "equalto",
            "even",
            "false",
            "float",
            "ge",
            "greaterthan",
            "gt",
            "in",
            "integer",
            "iterable",
            "le",
            "lessthan",
            "lower",
            "lt",
            "mapping",
            "ne",
            "none",
            "number",
            "odd",
            "sameas",
            "sequence",
            "string",
            "true",
            "undefined",
            "upper");

    private Tests() {}

    static boolean holds(String name, Object value, List<Object> arguments) {
        return switch (name) {
            case "defined" -> !(value instanceof Undefined);
            case "undefined" -> value instanceof Undefined;
            case "none" -> value == null;
            case "true" -> Boolean.TRUE.equals(value);
            case "false" -> Boolean.FALSE.equals(value);
            case "boolean" -> value instanceof Boolean;
            case "integer" -> value instanceof Long;
            case "float" -> value instanceof Double;
            case "number" -> Values.number(value) != null;
            case "string" -> value instanceof String;
            case "mapping" -> value instanceof Map<?, ?>;
            case "sequence" -> value instanceof List<?> || value instanceof String || value instanceof Map<?, ?>;
            case "iterable" ->
                value instanceof List<?>
                        || value instanceof String
                        || value instanceof Map<?, ?>
                        || value instanceof Undefined;
            case "callable" -> value instanceof Callable;
            case "even" -> Values.integer(value, "what is tested for even") % 2 == 0;
            case "odd" -> Values.integer(value, "what is tested for odd") % 2 != 0;
            case "divisibleby" -> divides(Values.integer(argument(name, arguments), "the divisor"), value);
            case "lower" -> value instanceof String text && text.equals(text.toLowerCase(Locale.ROOT));
            case "upper" -> value instanceof String text && text.equals(text.toUpperCase(Locale.ROOT));
            case "sameas" -> same(value, argument(name, arguments));
            case "in" -> Values.contains(argument(name, arguments), value);
            default -> Values.compare(operator(name), value, argument(name, arguments));
        };
    }

    private static boolean divides(long divisor, Object value) {
        if (divisor == 0) {
            throw new TemplateException("nothing is divisible by 0");
        }
        return Values.integer(value, "what is divided") % divisor == 0;
    }

    /** None, true and false are the only values of which there is one each; equal others of a kind pass for the same. */
    private static boolean same(Object a, Object b) {
        return a == null || b == null ? a == b : a.getClass() == b.getClass() && Values.equal(a, b);
    }

    private static Object argument(String name, List<Object> arguments) {
        if (arguments.isEmpty()) {
            throw new TemplateException("the test '" + name + "' needs a value to test against");
        }
        return arguments.getFirst();
    }

    private static String operator(String name) {
        return switch (name) {
            case "eq", "equalto" -> "==";
            case "ne" -> "!=";
            case "lt", "lessthan" -> "<";
            case "le" -> "<=";
            case "gt", "greaterthan" -> ">";
            default -> ">=";
        };
    }
}
