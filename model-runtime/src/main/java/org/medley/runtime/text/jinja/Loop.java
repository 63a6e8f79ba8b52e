package org.medley.runtime.text.jinja;

import java.util.List;
import java.util.Map;

/** The variable {@code loop}; with {@link #callable} it can be called to go deeper. */
final class Loop {
    private final List<Object> items;
    private final int depth;
    private int index;
    private List<Object> last;
    private Callable deeper;

    Loop(List<Object> items, int depth) {
        this.items = items;
        this.depth = depth;
    }

    Loop callable(Callable call) {
        deeper = call;
        return this;
    }

    void advance() {
        index++;
    }

    Callable deeper() {
        if (deeper == null) {
            throw new TemplateException("only a recursive loop can be called");
        }
        return deeper;
    }

    Object attribute(String name) {
        return switch (name) {
            case "index" -> (long) index + 1;
            case "index0" -> (long) index;
            case "revindex" -> (long) items.size() - index;
            case "revindex0" -> (long) items.size() - index - 1;
            case "first" -> index == 0;
            case "last" -> index == items.size() - 1;
            case "length" -> (long) items.size();
            case "depth" -> (long) depth + 1;
            case "depth0" -> (long) depth;
            case "previtem" -> index == 0 ? new Undefined("loop.previtem") : items.get(index - 1);
            case "nextitem" -> index == items.size() - 1 ? new Undefined("loop.nextitem") : items.get(index + 1);
            case "cycle" -> (Callable) this::cycle;
            case "changed" -> (Callable) this::changed;
            default -> new Undefined("loop." + name);
        };
    }

    private Object cycle(List<Object> values, Map<String, Object> named) {
        if (values.isEmpty()) {
            throw new TemplateException("loop.cycle needs values to go through");
        }
        return values.get(index % values.size());
    }

    private Object changed(List<Object> values, Map<String, Object> named) {
        boolean changed = last == null || !Values.equal(last, values);
        last = values;
        return changed;
    }
}
