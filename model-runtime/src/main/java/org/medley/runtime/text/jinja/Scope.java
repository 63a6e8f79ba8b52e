package org.medley.runtime.text.jinja;

import java.util.HashMap;
import java.util.Map;

/** Variables in sight, innermost first, and what one rendering may still spend. */
final class Scope {
    private static final int MAX_DEPTH = 100;

    private final Scope outer;
    private final Map<String, Object> variables = new HashMap<>();
    private final Budget budget;
    private final int depth;

    /** How much a rendering may do: a template comes with a model, from whoever made that. */
    private static final class Budget {
        private long steps = 5_000_000;
    }

    Scope() {
        this.outer = null;
        this.budget = new Budget();
        this.depth = 0;
    }

    private Scope(Scope outer, int depth) {
        this.outer = outer;
        this.budget = outer.budget;
        this.depth = depth;
        if (depth > MAX_DEPTH) {
            throw new TemplateException("macros call each other more than " + MAX_DEPTH + " deep");
        }
    }

    Scope inner() {
        return new Scope(this, depth);
    }

    /** The scope of a macro's body, called from {@code caller}. */
    Scope called(Scope caller) {
        return new Scope(this, caller.depth + 1);
    }

    Object get(String name) {
        for (Scope scope = this; scope != null; scope = scope.outer) {
            if (scope.variables.containsKey(name)) {
                return scope.variables.get(name);
            }
        }
        return new Undefined(name);
    }

    void set(String name, Object value) {
        variables.put(name, value);
    }

    void step() {
        if (--budget.steps < 0) {
            throw new TemplateException("the template takes too many steps");
        }
    }
}
