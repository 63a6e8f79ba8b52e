package org.medley.runtime.grammar;

import java.util.Arrays;

/**
 * Where a text stands in a grammar after some bytes: all readings that are still possible. Immutable but for what it
 * remembers of its own consequences, which any thread may find out and all find the same.
 */
final class Config {
    /** Remembered where no reading goes on. */
    private static final Config DEAD = new Config(null, new long[0], new Stack[0]);

    private final Automaton automaton;
    /** Ascending. */
    private final long[] heads;

    private final Stack[] stacks;
    private Closure closure;
    private Config[] next;

    private Config(Automaton automaton, long[] heads, Stack[] stacks) {
        this.automaton = automaton;
        this.heads = heads;
        this.stacks = stacks;
    }

    /** At any of these heads, called from outside. */
    static Config at(Automaton automaton, long... heads) {
        Heads all = new Heads();
        for (long head : heads) {
            all.add(head, Stack.BOTTOM);
        }
        return all.config(automaton);
    }

    Automaton automaton() {
        return automaton;
    }

    int size() {
        return heads.length;
    }

    long head(int i) {
        return heads[i];
    }

    Stack stack(int i) {
        return stacks[i];
    }

    /** What is reached from the heads without reading. */
    private Closure closure() {
        Closure known = closure;
        if (known == null) {
            known = new Closure(automaton, heads, stacks);
            closure = known;
        }
        return known;
    }

    /** Whether everything that was called has returned in some reading: the text may end here, if all of it was seen. */
    boolean mayEnd() {
        return closure().bottom();
    }

    /** The bytes that may follow. */
    CodeSet bytes() {
        return closure().bytes();
    }

    /** After one more byte; null if none of the readings allows it. */
    Config step(int value) {
        Closure all = closure();
        Heads after = new Heads();
        for (int i = 0; i < all.size(); i++) {
            int target = automaton.next(Head.state(all.head(i)), value);
            if (target >= 0) {
                after.add(Head.at(target, all.head(i)), all.stack(i));
            }
        }
        return after.size() == 0 ? null : after.config(automaton);
    }

    /** As {@link #step}, remembered, and the same object for equal configurations. */
    Config step(int value, ConfigPool pool) {
        Config[] known = next;
        if (known == null) {
            known = new Config[Symbols.BYTES];
            next = known;
        }
        Config after = known[value];
        if (after == null) {
            after = step(value);
            after = after == null ? DEAD : pool.one(after);
            known[value] = after;
        }
        return after.heads.length == 0 ? null : after;
    }

    @Override
    public boolean equals(Object object) {
        return this == object
                || object instanceof Config other
                        && Arrays.equals(heads, other.heads)
                        && Arrays.equals(stacks, other.stacks);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(heads) + Arrays.hashCode(stacks);
    }

    /** Heads being gathered; one that comes again has the callers of both. */
    static final class Heads {
        private long[] heads = new long[4];
        private Stack[] stacks = new Stack[4];
        private int size;

        int size() {
            return size;
        }

        long head(int i) {
            return heads[i];
        }

        Stack stack(int i) {
            return stacks[i];
        }

        /** The head's place if it is new or has new callers, or -1. */
        int add(long head, Stack stack) {
            for (int i = 0; i < size; i++) {
                if (heads[i] == head) {
                    Stack both = stacks[i].and(stack);
                    if (both.equals(stacks[i])) {
                        return -1;
                    }
                    stacks[i] = both;
                    return i;
                }
            }
            if (size == heads.length) {
                heads = Arrays.copyOf(heads, 2 * size);
                stacks = Arrays.copyOf(stacks, 2 * size);
            }
            heads[size] = head;
            stacks[size] = stack;
            return size++;
        }

        Config config(Automaton automaton) {
            for (int i = 1; i < size; i++) {
                long head = heads[i];
                Stack stack = stacks[i];
                int j = i;
                for (; j > 0 && heads[j - 1] > head; j--) {
                    heads[j] = heads[j - 1];
                    stacks[j] = stacks[j - 1];
                }
                heads[j] = head;
                stacks[j] = stack;
            }
            return new Config(automaton, Arrays.copyOf(heads, size), Arrays.copyOf(stacks, size));
        }
    }
}
