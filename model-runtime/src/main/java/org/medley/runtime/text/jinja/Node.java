package org.medley.runtime.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A statement, or text. */
sealed interface Node {
    /** How the surrounding loop goes on. */
    enum Signal {
        NEXT,
        BREAK,
        CONTINUE
    }

    Signal render(Scope scope, Output out);

    static Signal render(List<Node> nodes, Scope scope, Output out) {
        for (Node node : nodes) {
            Signal signal = node.render(scope, out);
            if (signal != Signal.NEXT) {
                return signal;
            }
        }
        return Signal.NEXT;
    }

    record Text(String text) implements Node {
        @Override
        public Signal render(Scope scope, Output out) {
            out.append(text);
            return Signal.NEXT;
        }
    }

    record Show(Expr value) implements Node {
        @Override
        public Signal render(Scope scope, Output out) {
            scope.step();
            out.append(Values.text(value.eval(scope)));
            return Signal.NEXT;
        }
    }

    record Branch(Expr condition, List<Node> body) {}

    record If(List<Branch> branches, List<Node> otherwise) implements Node {
        @Override
        public Signal render(Scope scope, Output out) {
            scope.step();
            for (Branch branch : branches) {
                if (Values.truth(branch.condition.eval(scope))) {
                    return Node.render(branch.body, scope, out);
                }
            }
            return Node.render(otherwise, scope, out);
        }
    }

    /** {@code set name = value}, {@code set a, b = pair} or {@code set namespace.name = value}. */
    record Set(List<String> names, String namespace, Expr value) implements Node {
        @Override
        public Signal render(Scope scope, Output out) {
            Object result = value.eval(scope);
            if (namespace == null) {
                assign(names, result, scope);
            } else if (scope.get(namespace) instanceof Namespace target) {
                target.attributes().put(names.getFirst(), result);
            } else {
                throw new TemplateException("'" + namespace + "' is no namespace whose members could be set");
            }
            return Signal.NEXT;
        }
    }

    private static void assign(List<String> names, Object value, Scope scope) {
        if (names.size() == 1) {
            scope.set(names.getFirst(), value);
            return;
        }
        List<Object> parts = Values.items(value);
        if (parts.size() != names.size()) {
            throw new TemplateException(parts.size() + " values cannot be given to " + names.size() + " names");
        }
        for (int i = 0; i < parts.size(); i++) {
            scope.set(names.get(i), parts.get(i));
        }
    }

    /** {@code set name}…{@code endset}: the text of the body, filtered. */
    record SetBlock(String name, List<Node> body, String input, Expr value) implements Node {
        @Override
        public Signal render(Scope scope, Output out) {
            scope.set(name, captured(body, input, value, scope));
            return Signal.NEXT;
        }
    }

    /** {@code filter}…{@code endfilter}. */
    record FilterBlock(List<Node> body, String input, Expr value) implements Node {
        @Override
        public Signal render(Scope scope, Output out) {
            out.append(Values.text(captured(body, input, value, scope)));
            return Signal.NEXT;
        }
    }

    /** What {@code value} makes of the body's text, which it knows as {@code input}. */
    private static Object captured(List<Node> body, String input, Expr value, Scope scope) {
        Scope inner = scope.inner();
        Output text = new Output();
        Node.render(body, inner, text);
        inner.set(input, text.toString());
        return value.eval(inner);
    }

    record For(List<String> names, Expr source, Expr filter, boolean recursive, List<Node> body, List<Node> otherwise)
            implements Node {
        @Override
        public Signal render(Scope scope, Output out) {
            loop(source.eval(scope), scope, out, 0);
            return Signal.NEXT;
        }

        private void loop(Object over, Scope scope, Output out, int depth) {
            List<Object> items = new ArrayList<>();
            for (Object item : Values.items(over)) {
                scope.step();
                if (filter != null) {
                    Scope inner = scope.inner();
                    assign(names, item, inner);
                    if (!Values.truth(filter.eval(inner))) {
                        continue;
                    }
                }
                items.add(item);
            }
            if (items.isEmpty()) {
                Node.render(otherwise, scope.inner(), out);
            }
            Loop loop = new Loop(items, depth);
            for (Object item : items) {
                Scope inner = scope.inner();
                inner.set("loop", recursive ? recursion(loop, scope, depth) : loop);
                assign(names, item, inner);
                if (Node.render(body, inner, out) == Signal.BREAK) {
                    return;
                }
                loop.advance();
            }
        }

        private Object recursion(Loop loop, Scope scope, int depth) {
            return loop.callable((arguments, named) -> {
                Output text = new Output();
                loop(Functions.first(arguments, "loop"), scope.called(scope), text, depth + 1);
                return text.toString();
            });
        }
    }

    record Jump(Signal signal) implements Node {
        @Override
        public Signal render(Scope scope, Output out) {
            return signal;
        }
    }

    /** @param defaults by parameter, null where an argument has to be given */
    record Macro(String name, Map<String, Expr> defaults, List<Node> body) implements Node {
        @Override
        public Signal render(Scope scope, Output out) {
            scope.set(name, callable(scope, scope));
            return Signal.NEXT;
        }

        Callable callable(Scope home, Scope caller) {
            return (arguments, named) -> {
                if (arguments.size() > defaults.size()) {
                    throw new TemplateException(
                            "macro " + name + " takes " + defaults.size() + " arguments, not " + arguments.size());
                }
                Scope inner = home.called(caller);
                inner.set(name, callable(home, inner));
                int index = 0;
                for (var parameter : defaults.entrySet()) {
                    Object value;
                    if (index < arguments.size()) {
                        value = arguments.get(index);
                    } else if (named.containsKey(parameter.getKey())) {
                        value = named.get(parameter.getKey());
                    } else {
                        value = parameter.getValue() == null
                                ? new Undefined(parameter.getKey())
                                : parameter.getValue().eval(inner);
                    }
                    inner.set(parameter.getKey(), value);
                    index++;
                }
                if (named.containsKey("caller")) {
                    inner.set("caller", named.get("caller"));
                }
                Output text = new Output();
                Node.render(body, inner, text);
                return text.toString();
            };
        }
    }

    /** {@code call macro(…)}…{@code endcall}: the macro gets the body as {@code caller()}. */
    record CallBlock(Expr.Call call, Macro body) implements Node {
        @Override
        public Signal render(Scope scope, Output out) {
            if (!(call.function().eval(scope) instanceof Callable macro)) {
                throw new TemplateException("a call block needs a macro to call");
            }
            Map<String, Object> named = new LinkedHashMap<>(call.arguments().namedValues(scope));
            named.put("caller", body.callable(scope, scope));
            out.append(Values.text(macro.call(call.arguments().values(scope), named)));
            return Signal.NEXT;
        }
    }

    /** A body with names of its own. */
    record Block(List<String> names, List<Expr> values, List<Node> body) implements Node {
        @Override
        public Signal render(Scope scope, Output out) {
            Scope inner = scope.inner();
            for (int i = 0; i < names.size(); i++) {
                inner.set(names.get(i), values.get(i).eval(scope));
            }
            return Node.render(body, inner, out);
        }
    }

    /** Evaluates and shows nothing. */
    record Do(Expr value) implements Node {
        @Override
        public Signal render(Scope scope, Output out) {
            value.eval(scope);
            return Signal.NEXT;
        }
    }

    /** A statement that an error in it is reported with the line of. */
    record At(int line, Node node) implements Node {
        @Override
        public Signal render(Scope scope, Output out) {
            try {
                return node.render(scope, out);
            } catch (TemplateException e) {
                throw e.at(line);
            }
        }
    }
}
