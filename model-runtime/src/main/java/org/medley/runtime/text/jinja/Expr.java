package org.medley.runtime.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An expression. Values are null, Boolean, Long, Double, String, List, Map, {@link Callable} and {@link Undefined}. */
sealed interface Expr {
    Object eval(Scope scope);

    record Literal(Object value) implements Expr {
        @Override
        public Object eval(Scope scope) {
            return value;
        }
    }

    record Name(String name) implements Expr {
        @Override
        public Object eval(Scope scope) {
            return scope.get(name);
        }
    }

    record ListOf(List<Expr> items) implements Expr {
        @Override
        public Object eval(Scope scope) {
            List<Object> values = new ArrayList<>();
            items.forEach(item -> values.add(item.eval(scope)));
            return values;
        }
    }

    record Entry(Expr key, Expr value) {}

    record MapOf(List<Entry> entries) implements Expr {
        @Override
        public Object eval(Scope scope) {
            Map<Object, Object> values = new LinkedHashMap<>();
            entries.forEach(entry -> values.put(entry.key.eval(scope), entry.value.eval(scope)));
            return values;
        }
    }

    /** {@code of.name} */
    record Attribute(Expr of, String name) implements Expr {
        @Override
        public Object eval(Scope scope) {
            return Members.attribute(of.eval(scope), name);
        }
    }

    /** {@code of[at]} */
    record Item(Expr of, Expr at) implements Expr {
        @Override
        public Object eval(Scope scope) {
            return Members.item(of.eval(scope), at.eval(scope));
        }
    }

    /** {@code of[from:to:step]}, any of them absent as null. */
    record Slice(Expr of, Expr from, Expr to, Expr step) implements Expr {
        @Override
        public Object eval(Scope scope) {
            return Members.slice(of.eval(scope), number(from, scope), number(to, scope), number(step, scope));
        }

        private static Long number(Expr bound, Scope scope) {
            Object value = bound == null ? null : bound.eval(scope);
            return value == null ? null : Values.integer(value, "a slice's bound");
        }
    }

    record Named(String name, Expr value) {}

    /** The arguments of a call, filter or test. */
    record Arguments(List<Expr> positional, List<Named> named) {
        static final Arguments NONE = new Arguments(List.of(), List.of());

        List<Object> values(Scope scope) {
            List<Object> values = new ArrayList<>();
            positional.forEach(argument -> values.add(argument.eval(scope)));
            return values;
        }

        Map<String, Object> namedValues(Scope scope) {
            Map<String, Object> values = new LinkedHashMap<>();
            named.forEach(argument -> values.put(argument.name, argument.value.eval(scope)));
            return values;
        }
    }

    record Call(Expr function, Arguments arguments) implements Expr {
        @Override
        public Object eval(Scope scope) {
            scope.step();
            return switch (function.eval(scope)) {
                case Callable callable -> callable.call(arguments.values(scope), arguments.namedValues(scope));
                case Loop loop -> loop.deeper().call(arguments.values(scope), arguments.namedValues(scope));
                case Undefined undefined -> throw undefined.use();
                case Object other -> throw new TemplateException(Values.kind(other) + " cannot be called");
                case null -> throw new TemplateException("None cannot be called");
            };
        }
    }

    record Filter(Expr input, String name, Arguments arguments) implements Expr {
        @Override
        public Object eval(Scope scope) {
            scope.step();
            return Filters.apply(name, input.eval(scope), arguments.values(scope), arguments.namedValues(scope));
        }
    }

    record Test(Expr input, String name, Arguments arguments, boolean negated) implements Expr {
        @Override
        public Object eval(Scope scope) {
            return negated != Tests.holds(name, input.eval(scope), arguments.values(scope));
        }
    }

    record Not(Expr operand) implements Expr {
        @Override
        public Object eval(Scope scope) {
            return !Values.truth(operand.eval(scope));
        }
    }

    record And(Expr left, Expr right) implements Expr {
        @Override
        public Object eval(Scope scope) {
            Object value = left.eval(scope);
            return Values.truth(value) ? right.eval(scope) : value;
        }
    }

    record Or(Expr left, Expr right) implements Expr {
        @Override
        public Object eval(Scope scope) {
            Object value = left.eval(scope);
            return Values.truth(value) ? value : right.eval(scope);
        }
    }

    /** {@code then if condition else otherwise}; otherwise may be null. */
    record Conditional(Expr condition, Expr then, Expr otherwise) implements Expr {
        @Override
        public Object eval(Scope scope) {
            if (Values.truth(condition.eval(scope))) {
                return then.eval(scope);
            }
            return otherwise == null ? new Undefined("the else of an if expression") : otherwise.eval(scope);
        }
    }

    record Comparison(String operator, Expr right) {}

    /** {@code a < b <= c}: all of them have to hold. */
    record Compare(Expr left, List<Comparison> comparisons) implements Expr {
        @Override
        public Object eval(Scope scope) {
            Object value = left.eval(scope);
            for (Comparison comparison : comparisons) {
                Object next = comparison.right.eval(scope);
                if (!Values.compare(comparison.operator, value, next)) {
                    return false;
                }
                value = next;
            }
            return true;
        }
    }

    record Binary(String operator, Expr left, Expr right) implements Expr {
        @Override
        public Object eval(Scope scope) {
            return Arithmetic.binary(operator, left.eval(scope), right.eval(scope));
        }
    }

    record Negative(Expr operand) implements Expr {
        @Override
        public Object eval(Scope scope) {
            Object value = operand.eval(scope);
            return value instanceof Double number ? (Object) (-number) : Arithmetic.binary("-", 0L, value);
        }
    }
}
