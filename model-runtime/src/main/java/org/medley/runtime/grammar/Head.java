package org.medley.runtime.grammar;

/**
 * Where one reading of a text stands within a rule, packed: the state (24 bits), how many items the rule still needs and
 * how many more it may take (20 bits each; all ones for no end).
 */
final class Head {
    static final int MANY = Rules.MANY;
    static final int MOST_STATES = 1 << 24;

    private Head() {}

    static long of(int state, int needs, int may) {
        return (long) state << 40 | (long) needs << 20 | may;
    }

    static int state(long head) {
        return (int) (head >>> 40);
    }

    static int needs(long head) {
        return (int) (head >>> 20) & MANY;
    }

    static int may(long head) {
        return (int) head & MANY;
    }

    /** The same counts in another state. */
    static long at(int state, long head) {
        return (long) state << 40 | head & (1L << 40) - 1;
    }

    /** One more item counted, in another state. */
    static long counting(int state, long head) {
        return of(state, Math.max(0, needs(head) - 1), may(head) == MANY ? MANY : may(head) - 1);
    }

    /**
     * Counts that cannot matter within {@code reach} items made the same for all heads: what is needed beyond is needed
     * anyway, what may come beyond is as good as no end.
     */
    static long within(int reach, long head) {
        return of(state(head), Math.min(needs(head), reach + 1), may(head) > reach ? MANY : may(head));
    }
}
