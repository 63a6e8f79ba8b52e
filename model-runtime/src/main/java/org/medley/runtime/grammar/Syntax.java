package org.medley.runtime.grammar;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What a text has to look like, before it is compiled. Equal ones ask for the same. */
public sealed interface Syntax {
    /** Exactly this text. */
    record Literal(String text) implements Syntax {}

    /** A text that the regular expression matches as a whole; see {@link Regex} for what it may use. */
    record Regular(String pattern) implements Syntax {}

    /** Any JSON object. */
    record JsonObject() implements Syntax {}

    /**
     * A JSON value that a JSON Schema holds for.
     *
     * @param schema in JSON; white space is not kept, so that it does not tell equal ones apart
     */
    record JsonSchema(String schema) implements Syntax {
        public JsonSchema {
            schema = JsonTexts.write(JsonTexts.read(schema));
        }
    }

    /** One part after the other. */
    record Sequence(List<Syntax> parts) implements Syntax {
        public Sequence {
            parts = List.copyOf(parts);
        }
    }

    record Alternatives(List<Syntax> options) implements Syntax {
        public Alternatives {
            options = List.copyOf(options);
            if (options.isEmpty()) {
                throw new GrammarException("there has to be at least one alternative");
            }
        }
    }

    /**
     * Any text in which no trigger appears, up to one of them; then what it asks for.
     *
     * @param triggers none of which appears within another
     */
    record Free(List<Trigger> triggers, Times times) implements Syntax {
        public Free {
            triggers = List.copyOf(triggers);
            Set<String> texts = new HashSet<>();
            for (Trigger trigger : triggers) {
                if (trigger.text.isEmpty() || !texts.add(trigger.text)) {
                    throw new GrammarException("triggers have to be different texts, none of them empty");
                }
            }
            for (String text : texts) {
                for (String other : texts) {
                    if (!text.equals(other) && text.contains(other)) {
                        throw new GrammarException("trigger '" + other + "' appears within trigger '" + text + "'");
                    }
                }
            }
            if (triggers.isEmpty() && times == Times.ONCE) {
                throw new GrammarException("without a trigger nothing can follow one");
            }
        }
    }

    /** @param then what has to follow the text that triggers it */
    record Trigger(String text, Syntax then) {}

    /** How often a trigger may come. */
    enum Times {
        /** Any number of times, none included, with free text between and after. */
        ANY,
        /** Not at all, or once at the end. */
        AT_MOST_ONCE,
        /** Once, at the end. */
        ONCE
    }

    /** Any of these texts. */
    static Syntax choice(List<String> texts) {
        return new Alternatives(texts.stream().<Syntax>map(Literal::new).toList());
    }
}
