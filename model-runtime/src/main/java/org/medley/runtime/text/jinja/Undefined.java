package org.medley.runtime.text.jinja;

/** What a name or member stands for that is not there: empty when shown, false when asked, an error when used. */
record Undefined(String name) {
    TemplateException use() {
        return new TemplateException("'" + name + "' is undefined");
    }
}
