package org.medley.runtime.text.jinja;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What Python means by truth, equality, order and text of the values that templates work with. */
final class Values {
    private Values() {}

    /** Whole numbers as Long, others as Double, throughout lists and maps. */
    static Object normal(Object value) {
        return switch (value) {
            case null -> null;
            case Integer i -> (long) i;
            case Short s -> (long) s;
            case Float f -> (double) f;
            case List<?> list -> {
                List<Object> items = new ArrayList<>();
                list.forEach(item -> items.add(normal(item)));
                yield items;
            }
            case Map<?, ?> map -> {
                Map<Object, Object> entries = new LinkedHashMap<>();
                map.forEach((key, entry) -> entries.put(key, normal(entry)));
                yield entries;
            }
            default -> value;
        };
    }

    static String kind(Object value) {
        return switch (value) {
            case null -> "None";
            case Boolean b -> "a boolean";
            case Long l -> "an integer";
            case Double d -> "a float";
            case String s -> "a string";
            case List<?> l -> "a list";
            case Map<?, ?> m -> "a dict";
            case Undefined u -> "an undefined value";
            case Callable c -> "a function";
            default -> "an object";
        };
    }

    static boolean truth(Object value) {
        return switch (value) {
            case null -> false;
            case Boolean b -> b;
            case Long l -> l != 0;
            case Double d -> d != 0;
            case String s -> !s.isEmpty();
            case List<?> l -> !l.isEmpty();
            case Map<?, ?> m -> !m.isEmpty();
            case Undefined u -> false;
            default -> true;
        };
    }

    /** A number, booleans being 0 and 1 as in Python; null for what is none. */
    static Number number(Object value) {
        return switch (value) {
            case Boolean b -> b ? 1L : 0L;
            case Long l -> l;
            case Double d -> d;
            case null, default -> null;
        };
    }

    static long integer(Object value, String what) {
        if (number(value) instanceof Long number) {
            return number;
        }
        throw value instanceof Undefined undefined
                ? undefined.use()
                : new TemplateException(what + " is " + kind(value) + "; it must be an integer");
    }

    static boolean equal(Object a, Object b) {
        Number x = number(a);
        Number y = number(b);
        if (x != null && y != null) {
            return x instanceof Long && y instanceof Long
                    ? x.longValue() == y.longValue()
                    : x.doubleValue() == y.doubleValue();
        }
        if (a instanceof List<?> left && b instanceof List<?> right) {
            boolean equal = left.size() == right.size();
            for (int i = 0; equal && i < left.size(); i++) {
                equal = equal(left.get(i), right.get(i));
            }
            return equal;
        }
        if (a instanceof Map<?, ?> left && b instanceof Map<?, ?> right) {
            return left.size() == right.size()
                    && left.entrySet().stream()
                            .allMatch(e -> right.containsKey(e.getKey()) && equal(e.getValue(), right.get(e.getKey())));
        }
        return a instanceof Undefined && b instanceof Undefined || java.util.Objects.equals(a, b);
    }

    static boolean compare(String operator, Object a, Object b) {
        return switch (operator) {
            case "==" -> equal(a, b);
            case "!=" -> !equal(a, b);
            case "in" -> contains(b, a);
            case "not in" -> !contains(b, a);
            case "<" -> order(a, b) < 0;
            case "<=" -> order(a, b) <= 0;
            case ">" -> order(a, b) > 0;
            default -> order(a, b) >= 0;
        };
    }

    static int order(Object a, Object b) {
        Number x = number(a);
        Number y = number(b);
        if (x instanceof Long left && y instanceof Long right) {
            return Long.compare(left, right);
        }
        if (x != null && y != null) {
            return Double.compare(x.doubleValue(), y.doubleValue());
        }
        if (a instanceof String left && b instanceof String right) {
            return left.compareTo(right);
        }
        if (a instanceof List<?> left && b instanceof List<?> right) {
            for (int i = 0; i < Math.min(left.size(), right.size()); i++) {
                if (!equal(left.get(i), right.get(i))) {
                    return order(left.get(i), right.get(i));
                }
            }
            return Integer.compare(left.size(), right.size());
        }
        throw defined(a, b) ? new TemplateException(kind(a) + " and " + kind(b) + " have no order") : undefined(a, b);
    }

    private static boolean defined(Object a, Object b) {
        return !(a instanceof Undefined) && !(b instanceof Undefined);
    }

    static TemplateException undefined(Object a, Object b) {
        return ((Undefined) (a instanceof Undefined ? a : b)).use();
    }

    static boolean contains(Object container, Object item) {
        return switch (container) {
            case String text -> {
                if (!(item instanceof String part)) {
                    throw new TemplateException("'in' a string needs a string, not " + kind(item));
                }
                yield text.contains(part);
            }
            case List<?> list -> list.stream().anyMatch(element -> equal(element, item));
            case Map<?, ?> map -> map.containsKey(item);
            case Undefined u -> false;
            case Namespace n -> n.attributes().containsKey(item);
            case null, default -> throw new TemplateException("'in' cannot look into " + kind(container));
        };
    }

    /** What a loop goes through: elements, keys, or characters. */
    static List<Object> items(Object value) {
        return switch (value) {
            case List<?> list -> new ArrayList<>(list);
            case Map<?, ?> map -> new ArrayList<>(map.keySet());
            case String text ->
                new ArrayList<>(text.codePoints().mapToObj(Character::toString).toList());
            case Undefined u -> List.of();
            case null, default -> throw new TemplateException(kind(value) + " cannot be gone through");
        };
    }

    /** As Python's {@code str()}. */
    static String text(Object value) {
        return value instanceof String text ? text : repr(value);
    }

    /** As Python's {@code repr()}. */
    static String repr(Object value) {
        StringBuilder out = new StringBuilder();
        repr(value, out, 0);
        return out.toString();
    }

    private static void repr(Object value, StringBuilder out, int depth) {
        if (depth > 100 || out.length() > Output.MOST) {
            throw new TemplateException("a value is too large to be shown");
        }
        switch (value) {
            case null -> out.append("None");
            case Boolean b -> out.append(b ? "True" : "False");
            case Double d -> out.append(decimal(d));
            case String s -> quote(s, out);
            case Undefined u -> {}
            case List<?> list -> {
                String between = "[";
                for (Object item : list) {
                    out.append(between);
                    repr(item, out, depth + 1);
                    between = ", ";
                }
                out.append(list.isEmpty() ? "[]" : "]");
            }
            case Map<?, ?> map -> {
                String between = "{";
                for (var entry : map.entrySet()) {
                    repr(entry.getKey(), out.append(between), depth + 1);
                    repr(entry.getValue(), out.append(": "), depth + 1);
                    between = ", ";
                }
                out.append(map.isEmpty() ? "{}" : "}");
            }
            case Callable c -> out.append("<function>");
            default -> out.append(value);
        }
    }

    private static void quote(String text, StringBuilder out) {
        char quote = text.contains("'") && !text.contains("\"") ? '"' : '\'';
        out.append(quote);
        text.codePoints().forEach(c -> {
            switch (c) {
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\\' -> out.append("\\\\");
                default -> {
                    if (c == quote) {
                        out.append('\\').append(quote);
                    } else if (c < ' ' || c == 127) {
                        out.append(String.format("\\x%02x", c));
                    } else {
                        out.appendCodePoint(c);
                    }
                }
            }
        });
        out.append(quote);
    }

    /** The shortest digits that give the number again, with an exponent below 1e-4 and from 1e16 on. */
    static String decimal(double value) {
        if (Double.isNaN(value)) {
            return "nan";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "inf" : "-inf";
        }
        double magnitude = Math.abs(value);
        if (magnitude == 0) {
            return 1 / value > 0 ? "0.0" : "-0.0";
        }
        BigDecimal digits = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        if (magnitude >= 1e-4 && magnitude < 1e16) {
            String plain = digits.toPlainString();
            return plain.contains(".") ? plain : plain + ".0";
        }
        int exponent = digits.precision() - digits.scale() - 1;
        String unscaled = digits.unscaledValue().abs().toString();
        String mantissa = unscaled.length() == 1 ? unscaled : unscaled.charAt(0) + "." + unscaled.substring(1);
        String sign = exponent < 0 ? "-" : "+";
        return (value < 0 ? "-" : "") + mantissa + "e" + sign + (Math.abs(exponent) < 10 ? "0" : "")
                + Math.abs(exponent);
    }
}
