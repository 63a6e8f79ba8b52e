package org.medley.runtime.grammar;

import java.util.Arrays;

/**
 * Where readings of a text return to when the rule they are in ends: several callers, each with a stack of its own below.
 * Immutable and shared, so that a stack is kept or pushed onto for nothing. Equal stacks hold the same callers.
 */
final class Stack {
    private static final long[] NO_CALLERS = {};
    private static final Stack[] NO_STACKS = {};
    /** Called from outside: what is below is unknown here, or the text ends. */
    static final Stack BOTTOM = new Stack(true, NO_CALLERS, NO_STACKS);

    private final boolean bottom;
    /** Ascending. */
    private final long[] callers;

    private final Stack[] below;
    private final int hash;

    private Stack(boolean bottom, long[] callers, Stack[] below) {
        this.bottom = bottom;
        this.callers = callers;
        this.below = below;
        this.hash = 31 * (31 * Arrays.hashCode(callers) + Arrays.hashCode(below)) + (bottom ? 1 : 0);
    }

    Stack push(long caller) {
        return new Stack(false, new long[] {caller}, new Stack[] {this});
    }

    boolean bottom() {
        return bottom;
    }

    int callers() {
        return callers.length;
    }

    long caller(int i) {
        return callers[i];
    }

    Stack below(int i) {
        return below[i];
    }

    /** The callers of both. */
    Stack and(Stack other) {
        if (equals(other)) {
            return this;
        }
        long[] keys = new long[callers.length + other.callers.length];
        Stack[] stacks = new Stack[keys.length];
        int size = 0;
        int i = 0;
        int j = 0;
        while (i < callers.length || j < other.callers.length) {
            boolean here = j == other.callers.length || i < callers.length && callers[i] <= other.callers[j];
            boolean there = i == callers.length || j < other.callers.length && other.callers[j] <= callers[i];
            keys[size] = here ? callers[i] : other.callers[j];
            stacks[size++] = here && there ? below[i].and(other.below[j]) : here ? below[i] : other.below[j];
            i += here ? 1 : 0;
            j += there ? 1 : 0;
        }
        return new Stack(bottom || other.bottom, Arrays.copyOf(keys, size), Arrays.copyOf(stacks, size));
    }

    @Override
    public boolean equals(Object object) {
        return this == object
                || object instanceof Stack other
                        && hash == other.hash
                        && bottom == other.bottom
                        && Arrays.equals(callers, other.callers)
                        && Arrays.equals(below, other.below);
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
