package org.medley.runtime.grammar;

import java.time.Duration;

/**
 * How large what is asked may be; beyond, it is refused.
 *
 * @param characters of a schema, pattern or literal
 * @param depth of nesting in a schema or pattern
 * @param states that building the automata may make, intermediate ones included
 * @param alternatives that the {@code anyOf}s meeting in one place may multiply to
 * @param time for one compilation
 */
public record Limits(int characters, int depth, int states, int alternatives, Duration time) {
    public static final Limits DEFAULT = new Limits(1 << 18, 64, 400_000, 256, Duration.ofSeconds(5));

    /** Counts against one {@code Limits} while a grammar is built by one thread. */
    static final class Budget {
        private final Limits limits;
        private final long end;
        private int states;

        Budget(Limits limits) {
            this.limits = limits;
            this.end = System.nanoTime() + limits.time.toNanos();
        }

        Limits limits() {
            return limits;
        }

        void state() {
            if (++states > limits.states) {
                throw new GrammarException("needs more than " + limits.states
                        + " automaton states; smaller counts, shorter patterns or fewer properties would fit");
            }
            if ((states & 255) == 0) {
                time();
            }
        }

        void time() {
            if (System.nanoTime() - end > 0) {
                throw new GrammarException(
                        "takes longer than " + limits.time.toMillis() + " ms to compile; a simpler one would fit");
            }
        }
    }
}
