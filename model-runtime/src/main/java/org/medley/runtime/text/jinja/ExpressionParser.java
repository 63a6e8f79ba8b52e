package org.medley.runtime.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.medley.runtime.text.jinja.Token.Kind;

/** Expressions by recursive descent, loosest binding first. */
class ExpressionParser {
    private static final int MAX_DEPTH = 200;
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
    private static final Set<String> NO_TEST_ARGUMENT = Set.of("else", "or", "and", "is", "if", "in", "not");

    private final List<Token> tokens;
    private int at;
    private int depth;

    ExpressionParser(List<Token> tokens) {
        this.tokens = tokens;
    }

    final Token peek() {
        return tokens.get(at);
    }

    private Token peek(int ahead) {
        return tokens.get(Math.min(at + ahead, tokens.size() - 1));
    }

    final Token next() {
        Token token = peek();
        at = Math.min(at + 1, tokens.size() - 1);
        return token;
    }

    final boolean skip(Kind kind, String text) {
        if (!peek().is(kind, text)) {
            return false;
        }
        next();
        return true;
    }

    final boolean skip(String operator) {
        return skip(Kind.OPERATOR, operator);
    }

    final boolean skipName(String name) {
        return skip(Kind.NAME, name);
    }

    final Token expect(Kind kind, String what) {
        if (peek().kind() != kind) {
            throw unexpected(what);
        }
        return next();
    }

    final void expect(String operator) {
        if (!skip(operator)) {
            throw unexpected("'" + operator + "'");
        }
    }

    final TemplateException unexpected(String wanted) {
        return new TemplateException(peek().line(), "there is " + peek() + " where " + wanted + " should be");
    }

    /** One expression, or several with commas between, which make a list. */
    final Expr tuple() {
        Expr first = expression();
        if (!peek().is(Kind.OPERATOR, ",")) {
            return first;
        }
        List<Expr> items = new ArrayList<>(List.of(first));
        while (skip(",")) {
            if (peek().kind() == Kind.BLOCK_END || peek().kind() == Kind.OUTPUT_END || peek().is(Kind.OPERATOR, ")")) {
                break;
            }
            items.add(expression());
        }
        return new Expr.ListOf(items);
    }

    final Expr expression() {
        if (++depth > MAX_DEPTH) {
            throw new TemplateException(peek().line(), "expressions are nested more than " + MAX_DEPTH + " deep");
        }
        Expr value = or();
        while (skipName("if")) {
            Expr condition = or();
            Expr otherwise = skipName("else") ? expression() : null;
            value = new Expr.Conditional(condition, value, otherwise);
        }
        depth--;
        return value;
    }

    /** An expression that ends before an {@code if}: what a loop goes through. */
    final Expr or() {
        Expr value = and();
        while (skipName("or")) {
            value = new Expr.Or(value, and());
        }
        return value;
    }

    private Expr and() {
        Expr value = not();
        while (skipName("and")) {
            value = new Expr.And(value, not());
        }
        return value;
    }

    private Expr not() {
        int negations = 0;
        while (skipName("not")) {
            negations++;
        }
        Expr value = compare();
        for (int i = 0; i < negations; i++) {
            value = new Expr.Not(value);
        }
        return value;
    }

    private Expr compare() {
        Expr left = sum();
        List<Expr.Comparison> comparisons = new ArrayList<>();
        while (true) {
            Token token = peek();
            if (token.kind() == Kind.OPERATOR && COMPARISONS.contains(token.text())) {
                next();
                comparisons.add(new Expr.Comparison(token.text(), sum()));
            } else if (skipName("in")) {
                comparisons.add(new Expr.Comparison("in", sum()));
            } else if (token.is(Kind.NAME, "not") && peek(1).is(Kind.NAME, "in")) {
                next();
                next();
                comparisons.add(new Expr.Comparison("not in", sum()));
            } else {
                return comparisons.isEmpty() ? left : new Expr.Compare(left, comparisons);
            }
        }
    }

    private Expr sum() {
        Expr value = concatenation();
        while (peek().is(Kind.OPERATOR, "+") || peek().is(Kind.OPERATOR, "-")) {
            value = new Expr.Binary(next().text(), value, concatenation());
        }
        return value;
    }

    private Expr concatenation() {
        Expr value = product();
        while (skip("~")) {
            value = new Expr.Binary("~", value, product());
        }
        return value;
    }

    private Expr product() {
        Expr value = power();
        while (peek().kind() == Kind.OPERATOR && Set.of("*", "/", "//", "%").contains(peek().text())) {
            value = new Expr.Binary(next().text(), value, power());
        }
        return value;
    }

    private Expr power() {
        Expr value = unary(true);
        while (skip("**")) {
            value = new Expr.Binary("**", value, unary(true));
        }
        return value;
    }

    private Expr unary(boolean filters) {
        if (++depth > MAX_DEPTH) {
            throw new TemplateException(peek().line(), "signs are nested more than " + MAX_DEPTH + " deep");
        }
        Expr value = skip("-") ? new Expr.Negative(unary(false)) : skip("+") ? unary(false) : primary();
        value = postfix(value);
        depth--;
        return filters ? filtersAndTests(value) : value;
    }

    private Expr primary() {
        Token token = next();
        return switch (token.kind()) {
            case NAME ->
                switch (token.text()) {
                    case "true", "True" -> new Expr.Literal(true);
                    case "false", "False" -> new Expr.Literal(false);
                    case "none", "None" -> new Expr.Literal(null);
                    default -> new Expr.Name(token.text());
                };
            case STRING -> {
                StringBuilder text = new StringBuilder(token.text());
                while (peek().kind() == Kind.STRING) {
                    text.append(next().text());
                }
                yield new Expr.Literal(text.toString());
            }
            case INTEGER -> new Expr.Literal(integer(token));
            case FLOAT -> new Expr.Literal(Double.valueOf(token.text()));
            case OPERATOR -> bracket(token);
            default -> throw new TemplateException(token.line(), "there is " + token + " where a value should be");
        };
    }

    private static Long integer(Token token) {
        try {
            return Long.valueOf(token.text());
        } catch (NumberFormatException e) {
            throw new TemplateException(token.line(), "the number " + token.text() + " is too large");
        }
    }

    private Expr bracket(Token token) {
        switch (token.text()) {
            case "(" -> {
                if (skip(")")) {
                    return new Expr.ListOf(List.of());
                }
                Expr inner = tuple();
                expect(")");
                return inner;
            }
            case "[" -> {
                List<Expr> items = new ArrayList<>();
                while (!skip("]")) {
                    items.add(expression());
                    separator("]");
                }
                return new Expr.ListOf(items);
            }
            case "{" -> {
                List<Expr.Entry> entries = new ArrayList<>();
                while (!skip("}")) {
                    Expr key = expression();
                    expect(":");
                    entries.add(new Expr.Entry(key, expression()));
                    separator("}");
                }
                return new Expr.MapOf(entries);
            }
            default -> throw new TemplateException(token.line(), "there is " + token + " where a value should be");
        }
    }

    private void separator(String end) {
        if (!skip(",") && !peek().is(Kind.OPERATOR, end)) {
            throw unexpected("',' or '" + end + "'");
        }
    }

    private Expr postfix(Expr start) {
        Expr value = start;
        while (true) {
            if (skip(".")) {
                Token name = next();
                if (name.kind() == Kind.INTEGER) {
                    value = new Expr.Item(value, new Expr.Literal(integer(name)));
                } else if (name.kind() == Kind.NAME) {
                    value = new Expr.Attribute(value, name.text());
                } else {
                    throw new TemplateException(name.line(), "there is " + name + " where a member's name should be");
                }
            } else if (skip("[")) {
                value = subscript(value);
            } else if (peek().is(Kind.OPERATOR, "(")) {
                value = new Expr.Call(value, arguments());
            } else {
                return value;
            }
        }
    }

    private Expr subscript(Expr of) {
        Expr[] bounds = new Expr[3];
        int part = 0;
        boolean slice = false;
        while (!skip("]")) {
            if (skip(":")) {
                slice = true;
                part++;
            } else if (part < 3 && bounds[part] == null) {
                bounds[part] = expression();
            } else {
                throw unexpected("']'");
            }
        }
        if (part > 2 || !slice && bounds[0] == null) {
            throw unexpected("an index or a slice");
        }
        return slice ? new Expr.Slice(of, bounds[0], bounds[1], bounds[2]) : new Expr.Item(of, bounds[0]);
    }

    final Expr.Arguments arguments() {
        expect("(");
        List<Expr> positional = new ArrayList<>();
        List<Expr.Named> named = new ArrayList<>();
        while (!skip(")")) {
            if (peek().kind() == Kind.NAME && peek(1).is(Kind.OPERATOR, "=")) {
                String name = next().text();
                next();
                named.add(new Expr.Named(name, expression()));
            } else {
                positional.add(expression());
            }
            separator(")");
        }
        return new Expr.Arguments(positional, named);
    }

    final Expr filtersAndTests(Expr start) {
        Expr value = start;
        while (true) {
            if (skip("|")) {
                value = filter(value);
            } else if (skipName("is")) {
                value = test(value);
            } else if (peek().is(Kind.OPERATOR, "(")) {
                value = new Expr.Call(value, arguments());
            } else {
                return value;
            }
        }
    }

    final Expr filter(Expr input) {
        Token name = expect(Kind.NAME, "a filter's name");
        if (!Filters.NAMES.contains(name.text())) {
            throw new TemplateException(name.line(), "there is no filter '" + name.text() + "'");
        }
        return new Expr.Filter(input, name.text(), peek().is(Kind.OPERATOR, "(") ? arguments() : Expr.Arguments.NONE);
    }

    private Expr test(Expr input) {
        boolean negated = skipName("not");
        Token name = expect(Kind.NAME, "a test's name");
        if (!Tests.NAMES.contains(name.text())) {
            throw new TemplateException(name.line(), "there is no test '" + name.text() + "'");
        }
        Token after = peek();
        Expr.Arguments arguments = Expr.Arguments.NONE;
        if (after.is(Kind.OPERATOR, "(")) {
            arguments = arguments();
        } else if (Set.of(Kind.STRING, Kind.INTEGER, Kind.FLOAT).contains(after.kind())
                || after.kind() == Kind.NAME && !NO_TEST_ARGUMENT.contains(after.text())
                || after.is(Kind.OPERATOR, "[")
                || after.is(Kind.OPERATOR, "{")) {
            arguments = new Expr.Arguments(List.of(postfix(primary())), List.of());
        }
        return new Expr.Test(input, name.text(), arguments, negated);
    }
}
