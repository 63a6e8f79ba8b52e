package org.medley.runtime.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Attributes, items and slices of values. */
final class Members {
    private Members() {}

    /** {@code value.name}: a method of the value's kind, or else an item of a dict. */
    static Object attribute(Object value, String name) {
        Object found = switch (value) {
            case Undefined undefined -> throw undefined.use();
            case Loop loop -> loop.attribute(name);
            case Namespace namespace -> namespace.attributes().getOrDefault(name, new Undefined(name));
            case String text -> StringMethods.of(text, name);
            case Map<?, ?> map -> mapMethod(map, name);
            case List<?> list -> listMethod(list, name);
            case null, default -> null;
        };
        if (found == null && value instanceof Map<?, ?> map && map.containsKey(name)) {
            return map.get(name);
        }
        return found == null ? new Undefined(name) : found;
    }

    /** {@code value[at]}: an element from either end, an item of a dict, or else an attribute. */
    static Object item(Object value, Object at) {
        if (value instanceof Undefined undefined) {
            throw undefined.use();
        }
        if (value instanceof Map<?, ?> map && map.containsKey(at)) {
            return map.get(at);
        }
        if (Values.number(at) instanceof Long index && (value instanceof List<?> || value instanceof String)) {
            List<Object> items = Values.items(value);
            long i = index < 0 ? index + items.size() : index;
            return i >= 0 && i < items.size() ? items.get((int) i) : new Undefined("element " + index);
        }
        return at instanceof String name ? attribute(value, name) : new Undefined(Values.text(at));
    }

    /** Python's {@code value[from:to:step]}; absent bounds are null. */
    static Object slice(Object value, Long from, Long to, Long step) {
        if (value instanceof Undefined undefined) {
            throw undefined.use();
        }
        if (!(value instanceof List<?>) && !(value instanceof String)) {
            throw new TemplateException(Values.kind(value) + " cannot be sliced");
        }
        List<Object> items = Values.items(value);
        long stride = step == null ? 1 : step;
        if (stride == 0) {
            throw new TemplateException("a slice's step is 0");
        }
        int size = items.size();
        long begin = from == null ? (stride > 0 ? 0 : size - 1) : bound(from, size, stride);
        long end = to == null ? (stride > 0 ? size : -1) : bound(to, size, stride);
        List<Object> part = new ArrayList<>();
        for (long i = begin; stride > 0 ? i < end : i > end; i += stride) {
            part.add(items.get((int) i));
        }
        return value instanceof String ? Filters.joined(part, "") : part;
    }

    private static long bound(long bound, int size, long stride) {
        long counted = bound < 0 ? bound + size : bound;
        return stride > 0 ? Math.clamp(counted, 0, size) : Math.clamp(counted, -1, size - 1);
    }

    static List<Object> pairs(Map<?, ?> map) {
        List<Object> pairs = new ArrayList<>();
        map.forEach((key, value) -> {
            List<Object> pair = new ArrayList<>();
            pair.add(key);
            pair.add(value);
            pairs.add(pair);
        });
        return pairs;
    }

    private static Callable mapMethod(Map<?, ?> map, String name) {
        return switch (name) {
            case "items" -> (arguments, named) -> pairs(map);
            case "keys" -> (arguments, named) -> new ArrayList<Object>(map.keySet());
            case "values" -> (arguments, named) -> new ArrayList<Object>(map.values());
            case "get" ->
                (arguments, named) -> {
                    Object key = Functions.first(arguments, "get");
                    Object otherwise = arguments.size() > 1 ? arguments.get(1) : named.get("default");
                    return map.containsKey(key) ? map.get(key) : otherwise;
                };
            default -> null;
        };
    }

    private static Callable listMethod(List<?> list, String name) {
        return switch (name) {
            case "index" ->
                (arguments, named) -> {
                    Object wanted = Functions.first(arguments, "index");
                    for (int i = 0; i < list.size(); i++) {
                        if (Values.equal(list.get(i), wanted)) {
                            return (long) i;
                        }
                    }
                    throw new TemplateException(Values.repr(wanted) + " is not in the list");
                };
            case "count" ->
                (arguments, named) -> list.stream()
                        .filter(item -> Values.equal(item, Functions.first(arguments, "count")))
                        .count();
            default -> null;
        };
    }
}
