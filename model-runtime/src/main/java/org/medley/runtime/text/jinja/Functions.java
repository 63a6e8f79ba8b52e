package org.medley.runtime.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Functions that every template may call. */
final class Functions {
    static final Map<String, Callable> GLOBAL = Map.of(
            "range", Functions::range,
            "namespace", Functions::namespace,
            "dict", Functions::dict,
            "raise_exception", Functions::raise);

    private static final int MOST = 1_000_000;

    private Functions() {}

    /** The first argument of a function that needs one. */
    static Object first(List<Object> arguments, String function) {
        if (arguments.isEmpty()) {
            throw new TemplateException(function + " needs an argument");
        }
        return arguments.getFirst();
    }

    private static Object range(List<Object> arguments, Map<String, Object> named) {
        if (arguments.isEmpty() || arguments.size() > 3) {
            throw new TemplateException("range takes one to three integers");
        }
        long from = arguments.size() == 1 ? 0 : Values.integer(arguments.getFirst(), "the range's start");
        long to = Values.integer(arguments.get(arguments.size() == 1 ? 0 : 1), "the range's end");
        long step = arguments.size() < 3 ? 1 : Values.integer(arguments.get(2), "the range's step");
        if (step == 0) {
            throw new TemplateException("the range's step is 0");
        }
        List<Object> numbers = new ArrayList<>();
        for (long i = from; step > 0 ? i < to : i > to; i += step) {
            if (numbers.size() == MOST) {
                throw new TemplateException("a range has more than " + MOST + " numbers");
            }
            numbers.add(i);
        }
        return numbers;
    }

    private static Object namespace(List<Object> arguments, Map<String, Object> named) {
        Map<String, Object> attributes = new LinkedHashMap<>();
        for (Object argument : arguments) {
            if (!(argument instanceof Map<?, ?> map)) {
                throw new TemplateException("namespace takes a dict or named values");
            }
            map.forEach((key, value) -> attributes.put(Values.text(key), value));
        }
        attributes.putAll(named);
        return new Namespace(attributes);
    }

    private static Object dict(List<Object> arguments, Map<String, Object> named) {
        Map<Object, Object> entries = new LinkedHashMap<>();
        if (!arguments.isEmpty()) {
            if (!(arguments.getFirst() instanceof Map<?, ?> map)) {
                throw new TemplateException("dict takes a dict or named values");
            }
            entries.putAll(map);
        }
        entries.putAll(named);
        return entries;
    }

    private static Object raise(List<Object> arguments, Map<String, Object> named) {
        throw TemplateException.raised(arguments.isEmpty() ? "no reason given" : Values.text(arguments.getFirst()));
    }
}
