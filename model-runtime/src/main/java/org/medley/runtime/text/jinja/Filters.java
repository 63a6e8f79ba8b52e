package org.medley.runtime.text.jinja;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What can stand behind {@code |}. */
final class Filters {
    static final Set<String> NAMES = Set.of(
            "abs",
            "capitalize",
            "count",
            "d",
            "default",
            "dictsort",
            "e",
            "escape",
            "first",
            "float",
            "format",
            "indent",
            "int",
            "items",
            "join",
            "last",
            "length",
            "list",
            "lower",
            "map",
            "max",
            "min",
            "reject",
            "rejectattr",
            "replace",
            "reverse",
            "round",
            "safe",
            "select",
            "selectattr",
            "sort",
            "string",
            "sum",
            "title",
            "tojson",
            "trim",
            "truncate",
            "unique",
            "upper",
            "wordcount");

    private Filters() {}

    /** Positional and named arguments of one filter. */
    private record Given(List<Object> positional, Map<String, Object> named) {
        Object get(int index, String name, Object otherwise) {
            return index < positional.size() ? positional.get(index) : named.getOrDefault(name, otherwise);
        }

        boolean flag(int index, String name) {
            return Values.truth(get(index, name, false));
        }

        String text(int index, String name, String otherwise) {
            return Values.text(get(index, name, otherwise));
        }
    }

    static Object apply(String name, Object value, List<Object> positional, Map<String, Object> named) {
        Given given = new Given(positional, named);
        return switch (name) {
            case "default", "d" -> {
                boolean absent = value instanceof Undefined || given.flag(1, "boolean") && !Values.truth(value);
                yield absent ? given.get(0, "default_value", "") : value;
            }
            case "tojson" -> tojson(value, given);
            case "string" -> Values.text(value);
            case "safe" -> value;
            case "trim" -> {
                Object characters = given.get(0, "chars", null);
                yield StringMethods.strip(
                        Values.text(value), characters == null ? null : Values.text(characters), true, true);
            }
            case "upper" -> Values.text(value).toUpperCase(Locale.ROOT);
            case "lower" -> Values.text(value).toLowerCase(Locale.ROOT);
            case "title" -> StringMethods.title(Values.text(value));
            case "capitalize" -> StringMethods.capitalize(Values.text(value));
            case "escape", "e" -> escape(Values.text(value));
            case "replace" ->
                StringMethods.replace(
                        Values.text(value),
                        given.text(0, "old", ""),
                        given.text(1, "new", ""),
                        Values.integer(given.get(2, "count", -1L), "count"));
            case "indent" -> indent(Values.text(value), given);
            case "truncate" -> truncate(Values.text(value), given);
            case "wordcount" -> words(Values.text(value));
            case "format" -> Format.percent(Values.text(value), positional);
            case "int" -> integer(value, given.get(0, "default", 0L));
            case "float" -> real(value, given.get(0, "default", 0.0));
            case "abs" -> value instanceof Long l ? (Object) Math.abs(l) : (Object) Math.abs(number(value));
            case "round" -> round(number(value), given);
            default -> ofItems(name, value, given);
        };
    }

    private static Object ofItems(String name, Object value, Given given) {
        return switch (name) {
            case "length", "count" -> (long) sized(value).size();
            case "list" -> Values.items(value);
            case "first" -> {
                List<Object> items = Values.items(value);
                yield items.isEmpty() ? new Undefined("the first of no items") : items.getFirst();
            }
            case "last" -> {
                List<Object> items = Values.items(value);
                yield items.isEmpty() ? new Undefined("the last of no items") : items.getLast();
            }
            case "join" -> {
                Object attribute = given.get(1, "attribute", null);
                List<Object> items = Values.items(value);
                if (attribute != null) {
                    items.replaceAll(item -> path(item, attribute));
                }
                yield joined(items, given.text(0, "d", ""));
            }
            case "reverse" -> {
                List<Object> items = Values.items(value);
                Collections.reverse(items);
                yield value instanceof String ? joined(items, "") : items;
            }
            case "items" -> value instanceof Undefined ? List.of() : Members.pairs(map(value));
            case "dictsort" -> {
                List<Object> pairs = Members.pairs(map(value));
                int by = given.text(1, "by", "key").equals("value") ? 1 : 0;
                pairs.sort(order(
                        given.flag(0, "case_sensitive"),
                        given.flag(2, "reverse"),
                        pair -> Members.item(pair, (long) by)));
                yield pairs;
            }
            case "sort" -> {
                List<Object> items = Values.items(value);
                Object attribute = given.get(2, "attribute", null);
                items.sort(order(
                        given.flag(1, "case_sensitive"),
                        given.flag(0, "reverse"),
                        item -> attribute == null ? item : path(item, attribute)));
                yield items;
            }
            case "unique" -> unique(Values.items(value));
            case "min", "max" -> extreme(Values.items(value), name.equals("max"));
            case "sum" -> {
                Object attribute = given.get(0, "attribute", null);
                Object sum = given.get(1, "start", 0L);
                for (Object item : Values.items(value)) {
                    sum = Arithmetic.binary("+", sum, attribute == null ? item : path(item, attribute));
                }
                yield sum;
            }
            case "map" -> mapped(Values.items(value), given);
            default -> chosen(name, Values.items(value), given);
        };
    }

    private static List<Object> sized(Object value) {
        if (value instanceof Undefined
                || value instanceof String
                || value instanceof List<?>
                || value instanceof Map<?, ?>) {
            return Values.items(value);
        }
        throw new TemplateException(Values.kind(value) + " has no length");
    }

    private static Map<?, ?> map(Object value) {
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw new TemplateException("a dict is needed, not " + Values.kind(value));
    }

    static String joined(List<?> items, String between) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < items.size(); i++) {
            out.append(i == 0 ? "" : between).append(Values.text(items.get(i)));
            if (out.length() > Output.MOST) {
                throw new TemplateException("a string grows beyond " + Output.MOST + " characters");
            }
        }
        return out.toString();
    }

    private static Object tojson(Object value, Given given) {
        Map<String, Object> options = new LinkedHashMap<>(given.named);
        if (!given.positional.isEmpty()) {
            options.put("indent", given.positional.getFirst());
        }
        return Json.of(value, options);
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&#34;")
                .replace("'", "&#39;");
    }

    private static String indent(String text, Given given) {
        Object width = given.get(0, "width", 4L);
        String step =
                width instanceof String s ? s : " ".repeat((int) Math.clamp(Values.integer(width, "width"), 0, 1000));
        boolean blank = given.flag(2, "blank");
        StringBuilder out = new StringBuilder();
        String[] lines = text.split("\n", -1);
        for (int i = 0; i < lines.length; i++) {
            boolean indented = i == 0 ? given.flag(1, "first") : blank || !lines[i].isEmpty();
            out.append(i == 0 ? "" : "\n").append(indented ? step : "").append(lines[i]);
        }
        return out.toString();
    }

    private static String truncate(String text, Given given) {
        int length = (int) Math.clamp(Values.integer(given.get(0, "length", 255L), "length"), 0, Output.MOST);
        String end = given.text(2, "end", "...");
        int leeway = (int) Math.clamp(Values.integer(given.get(3, "leeway", 5L), "leeway"), 0, Output.MOST);
        if (text.length() <= length + leeway) {
            return text;
        }
        String cut = text.substring(0, Math.max(0, length - end.length()));
        int space = cut.lastIndexOf(' ');
        return (given.flag(1, "killwords") || space < 0 ? cut : cut.substring(0, space)) + end;
    }

    private static long words(String text) {
        return Arrays.stream(text.split("[^\\p{L}\\p{N}_]+"))
                .filter(word -> !word.isEmpty())
                .count();
    }

    private static Object integer(Object value, Object otherwise) {
        try {
            return switch (value) {
                case Double d -> Double.isFinite(d) ? (Object) d.longValue() : otherwise;
                case String s -> s.contains(".") ? (long) Double.parseDouble(s.strip()) : Long.parseLong(s.strip());
                case null, default -> Values.number(value) == null ? otherwise : Values.number(value);
            };
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }

    private static Object real(Object value, Object otherwise) {
        try {
            return value instanceof String s
                    ? (Object) Double.parseDouble(s.strip())
                    : Values.number(value) == null
                            ? otherwise
                            : (Object) Values.number(value).doubleValue();
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }

    private static double number(Object value) {
        Number number = Values.number(value);
        if (number == null) {
            throw new TemplateException("a number is needed, not " + Values.kind(value));
        }
        return number.doubleValue();
    }

    private static Object round(double value, Given given) {
        if (!Double.isFinite(value)) {
            return value;
        }
        int places = (int) Math.clamp(Values.integer(given.get(0, "precision", 0L), "precision"), -300, 300);
        RoundingMode mode = switch (given.text(1, "method", "common")) {
            case "ceil" -> RoundingMode.CEILING;
            case "floor" -> RoundingMode.FLOOR;
            default -> RoundingMode.HALF_EVEN;
        };
        return new BigDecimal(value).setScale(places, mode).doubleValue();
    }

    /** {@code a.b.0}: members of members. */
    private static Object path(Object value, Object path) {
        Object found = value;
        for (String name : Values.text(path).split("\\.")) {
            found = Members.item(found, name.matches("\\d{1,9}") ? (Object) Long.valueOf(name) : name);
        }
        return found;
    }

    private interface Key {
        Object of(Object item);
    }

    private static Comparator<Object> order(boolean caseSensitive, boolean reverse, Key key) {
        Comparator<Object> order =
                (a, b) -> Values.order(folded(key.of(a), caseSensitive), folded(key.of(b), caseSensitive));
        return reverse ? order.reversed() : order;
    }

    private static Object folded(Object value, boolean caseSensitive) {
        return value instanceof String text && !caseSensitive ? text.toLowerCase(Locale.ROOT) : value;
    }

    private static List<Object> unique(List<Object> items) {
        List<Object> unique = new ArrayList<>();
        for (Object item : items) {
            Object folded = folded(item, false);
            if (unique.stream().noneMatch(seen -> Values.equal(folded(seen, false), folded))) {
                unique.add(item);
            }
        }
        return unique;
    }

    private static Object extreme(List<Object> items, boolean largest) {
        Comparator<Object> order = order(false, false, item -> item);
        return items.isEmpty()
                ? new Undefined("the extreme of no items")
                : largest ? Collections.max(items, order) : Collections.min(items, order);
    }

    private static List<Object> mapped(List<Object> items, Given given) {
        List<Object> mapped = new ArrayList<>();
        Object attribute = given.named.get("attribute");
        for (Object item : items) {
            if (attribute != null) {
                Object found = path(item, attribute);
                mapped.add(found instanceof Undefined ? given.named.getOrDefault("default", found) : found);
            } else {
                String filter = given.text(0, "filter", "");
                if (!NAMES.contains(filter)) {
                    throw new TemplateException("there is no filter '" + filter + "'");
                }
                mapped.add(apply(filter, item, given.positional.subList(1, given.positional.size()), given.named));
            }
        }
        return mapped;
    }

    /** select, reject, selectattr and rejectattr: items, or attributes, that pass a test or are true. */
    private static List<Object> chosen(String name, List<Object> items, Given given) {
        boolean byAttribute = name.endsWith("attr");
        int first = byAttribute ? 1 : 0;
        if (byAttribute && given.positional.isEmpty()) {
            throw new TemplateException(name + " needs an attribute's name");
        }
        String test = given.positional.size() > first ? Values.text(given.positional.get(first)) : null;
        if (test != null && !Tests.NAMES.contains(operatorAsName(test))) {
            throw new TemplateException("there is no test '" + test + "'");
        }
        List<Object> chosen = new ArrayList<>();
        for (Object item : items) {
            Object tested = byAttribute ? path(item, given.positional.getFirst()) : item;
            boolean passes = test == null
                    ? Values.truth(tested)
                    : Tests.holds(
                            operatorAsName(test), tested, given.positional.subList(first + 1, given.positional.size()));
            if (passes == name.startsWith("select")) {
                chosen.add(item);
            }
        }
        return chosen;
    }

    private static String operatorAsName(String test) {
        return switch (test) {
            case "==" -> "eq";
            case "!=" -> "ne";
            case "<" -> "lt";
            case "<=" -> "le";
            case ">" -> "gt";
            case ">=" -> "ge";
            default -> test;
        };
    }
}
