package org.medley.runtime.text.jinja;

import java.util.List;
import java.util.Map;

/**
 * A Jinja template: the language of chat templates, with the values and the printing of Python that they rely on. It
 * reaches nothing but the values it is given, and steps, output and nesting are limited. Immutable; safe for threads.
 *
 * @see <a href="https://jinja.palletsprojects.com/en/stable/templates/">the language</a>
 */
public final class Template {
    private final List<Node> nodes;

    private Template(List<Node> nodes) {
        this.nodes = nodes;
    }

    /** @throws TemplateException if the text is no template of the supported language */
    public static Template parse(String text) {
        return new Template(TemplateParser.parse(text));
    }

    /**
     * @param context null, Boolean, Long (or Integer), Double, String, List, Map and {@link Callable} by name
     * @throws TemplateException if the template cannot be rendered with these, or refuses them itself
     */
    public String render(Map<String, Object> context) {
        Scope globals = new Scope();
        Functions.GLOBAL.forEach(globals::set);
        context.forEach((name, value) -> globals.set(name, Values.normal(value)));
        Output out = new Output();
        try {
            Node.render(nodes, globals.inner(), out);
        } catch (StackOverflowError e) {
            // Depth is limited for blocks, brackets and macros, but not for their product, nor for chains of operators.
            throw new TemplateException("the template nests too deep");
        }
        return out.toString();
    }
}
