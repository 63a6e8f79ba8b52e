package org.medley.runtime.text.jinja;

/** The text of a rendering as it grows, up to a limit. */
final class Output {
    static final int MOST = 16 << 20;

    private final StringBuilder text = new StringBuilder();

    void append(String more) {
        if (text.length() + more.length() > MOST) {
            throw new TemplateException("the template writes more than " + MOST + " characters");
        }
        text.append(more);
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
