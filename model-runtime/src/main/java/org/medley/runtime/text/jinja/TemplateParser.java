package org.medley.runtime.text.jinja;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medley.runtime.text.jinja.Token.Kind;

/** Statements and text. */
final class TemplateParser extends ExpressionParser {
    private static final int MAX_DEPTH = 100;
    /** Names of values between statements that a template cannot write itself. */
    private static final String CAPTURED = " captured";

    private int depth;
    private int loops;

    private TemplateParser(List<Token> tokens) {
        super(tokens);
    }

    static List<Node> parse(String template) {
        TemplateParser parser = new TemplateParser(Lexer.tokens(template));
        List<Node> nodes = parser.body();
        if (parser.peek().kind() != Kind.END) {
            throw parser.unexpected("the template's end");
        }
        return nodes;
    }

    /** Up to the end, or a block tag that begins with one of {@code ends}; that name is the next token then. */
    private List<Node> body(String... ends) {
        if (++depth > MAX_DEPTH) {
            throw new TemplateException(peek().line(), "blocks are nested more than " + MAX_DEPTH + " deep");
        }
        List<Node> nodes = new ArrayList<>();
        while (true) {
            Token token = peek();
            switch (token.kind()) {
                case TEXT -> nodes.add(new Node.Text(next().text()));
                case OUTPUT_BEGIN -> {
                    next();
                    nodes.add(new Node.At(token.line(), new Node.Show(tuple())));
                    expect(Kind.OUTPUT_END, "'}}'");
                }
                case BLOCK_BEGIN -> {
                    next();
                    if (peek().kind() == Kind.NAME && Arrays.asList(ends).contains(peek().text())) {
                        depth--;
                        return nodes;
                    }
                    nodes.add(new Node.At(token.line(), statement()));
                }
                default -> {
                    if (ends.length > 0 || token.kind() != Kind.END) {
                        throw unexpected(ends.length > 0 ? "'" + String.join("' or '", ends) + "'" : "text or a tag");
                    }
                    depth--;
                    return nodes;
                }
            }
        }
    }

    private void end() {
        expect(Kind.BLOCK_END, "'%}'");
    }

    private void end(String name) {
        if (!skipName(name)) {
            throw unexpected("'" + name + "'");
        }
        end();
    }

    private Node statement() {
        Token name = expect(Kind.NAME, "a statement's name");
        return switch (name.text()) {
            case "if" -> conditional();
            case "for" -> loop();
            case "set" -> set();
            case "macro" -> macro();
            case "call" -> call();
            case "filter" -> filterBlock();
            case "with" -> with();
            case "do" -> {
                Expr value = tuple();
                end();
                yield new Node.Do(value);
            }
            case "break", "continue" -> {
                if (loops == 0) {
                    throw new TemplateException(name.line(), name.text() + " is outside of any loop");
                }
                end();
                yield new Node.Jump(name.text().equals("break") ? Node.Signal.BREAK : Node.Signal.CONTINUE);
            }
            case "generation" -> {
                end();
                List<Node> body = body("endgeneration");
                end("endgeneration");
                yield new Node.Block(List.of(), List.of(), body);
            }
            default -> throw new TemplateException(name.line(), "there is no statement '" + name.text() + "'");
        };
    }

    private Node conditional() {
        List<Node.Branch> branches = new ArrayList<>();
        Expr condition = tuple();
        end();
        while (true) {
            branches.add(new Node.Branch(condition, body("elif", "else", "endif")));
            if (skipName("elif")) {
                condition = tuple();
                end();
                continue;
            }
            List<Node> otherwise = List.of();
            if (skipName("else")) {
                end();
                otherwise = body("endif");
            }
            end("endif");
            return new Node.If(branches, otherwise);
        }
    }

    private Node loop() {
        List<String> names = targets();
        if (!skipName("in")) {
            throw unexpected("'in'");
        }
        Expr source = or();
        if (peek().is(Kind.OPERATOR, ",")) {
            List<Expr> items = new ArrayList<>(List.of(source));
            while (skip(",")) {
                items.add(or());
            }
            source = new Expr.ListOf(items);
        }
        Expr filter = skipName("if") ? expression() : null;
        boolean recursive = skipName("recursive");
        end();
        loops++;
        List<Node> body = body("else", "endfor");
        loops--;
        List<Node> otherwise = List.of();
        if (skipName("else")) {
            end();
            otherwise = body("endfor");
        }
        end("endfor");
        return new Node.For(names, source, filter, recursive, body, otherwise);
    }

    /** Names to assign to, in brackets or not. */
    private List<String> targets() {
        boolean bracket = skip("(");
        List<String> names = new ArrayList<>();
        do {
            names.add(expect(Kind.NAME, "a name").text());
        } while (skip(","));
        if (bracket) {
            expect(")");
        }
        return names;
    }

    private Node set() {
        List<String> names = targets();
        String namespace = null;
        if (names.size() == 1 && skip(".")) {
            namespace = names.getFirst();
            names = List.of(expect(Kind.NAME, "a member's name").text());
        }
        if (skip("=")) {
            Expr value = tuple();
            end();
            return new Node.Set(names, namespace, value);
        }
        if (namespace != null || names.size() > 1) {
            throw unexpected("'='");
        }
        Expr value = filtersAndTests(new Expr.Name(CAPTURED));
        end();
        List<Node> body = body("endset");
        end("endset");
        return new Node.SetBlock(names.getFirst(), body, CAPTURED, value);
    }

    private Node filterBlock() {
        Expr value = filtersAndTests(filter(new Expr.Name(CAPTURED)));
        end();
        List<Node> body = body("endfilter");
        end("endfilter");
        return new Node.FilterBlock(body, CAPTURED, value);
    }

    private Map<String, Expr> parameters() {
        Map<String, Expr> defaults = new LinkedHashMap<>();
        expect("(");
        while (!skip(")")) {
            String name = expect(Kind.NAME, "a parameter's name").text();
            defaults.put(name, skip("=") ? expression() : null);
            if (!skip(",") && !peek().is(Kind.OPERATOR, ")")) {
                throw unexpected("',' or ')'");
            }
        }
        return defaults;
    }

    private Node macro() {
        String name = expect(Kind.NAME, "a macro's name").text();
        Map<String, Expr> parameters = parameters();
        end();
        return new Node.Macro(name, parameters, outsideLoops("endmacro"));
    }

    /** The body of a macro, which no break leaves. */
    private List<Node> outsideLoops(String ending) {
        int around = loops;
        loops = 0;
        List<Node> body = body(ending);
        loops = around;
        end(ending);
        return body;
    }

    private Node call() {
        Map<String, Expr> parameters = peek().is(Kind.OPERATOR, "(") ? parameters() : Map.of();
        if (!(expression() instanceof Expr.Call call)) {
            throw unexpected("a macro's call before this");
        }
        end();
        return new Node.CallBlock(call, new Node.Macro("caller", parameters, outsideLoops("endcall")));
    }

    private Node with() {
        List<String> names = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        while (peek().kind() != Kind.BLOCK_END) {
            names.add(expect(Kind.NAME, "a name").text());
            expect("=");
            values.add(expression());
            skip(",");
        }
        end();
        List<Node> body = body("endwith");
        end("endwith");
        return new Node.Block(names, values, body);
    }
}
