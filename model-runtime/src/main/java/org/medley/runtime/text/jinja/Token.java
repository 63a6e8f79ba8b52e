package org.medley.runtime.text.jinja;

/** A piece of a template: text between tags, the border of a tag, or a word, literal or operator inside one. */
record Token(Kind kind, String text, int line) {
    enum Kind {
        TEXT,
        OUTPUT_BEGIN,
        OUTPUT_END,
        BLOCK_BEGIN,
        BLOCK_END,
        NAME,
        STRING,
        INTEGER,
        FLOAT,
        OPERATOR,
        END
    }

    boolean is(Kind wanted, String word) {
        return kind == wanted && text.equals(word);
    }

    @Override
    public String toString() {
        return kind == Kind.END ? "the end" : "'" + text + "'";
    }
}
