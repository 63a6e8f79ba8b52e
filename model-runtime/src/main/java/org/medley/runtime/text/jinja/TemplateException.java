package org.medley.runtime.text.jinja;

/** A template that cannot be parsed, cannot be rendered with what it was given, or refuses it by itself. */
public final class TemplateException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final boolean placed;

    TemplateException(String message) {
        super(message);
        this.placed = false;
    }

    TemplateException(int line, String message) {
        super("line " + line + ": " + message);
        this.placed = true;
    }

    private TemplateException(String message, boolean placed) {
        super(message);
        this.placed = placed;
    }

    /** What a template says by {@code raise_exception}, in its own words. */
    static TemplateException raised(String message) {
        return new TemplateException(message, true);
    }

    TemplateException at(int line) {
        return placed ? this : new TemplateException(line, getMessage());
    }
}
