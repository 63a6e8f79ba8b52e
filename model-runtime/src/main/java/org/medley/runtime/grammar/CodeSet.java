package org.medley.runtime.grammar;

import java.util.Arrays;
import java.util.List;

/** An immutable set of symbols, mostly code points. */
final class CodeSet {
    static final int LAST = Character.MAX_CODE_POINT;
    static final CodeSet NONE = new CodeSet(new int[0]);
    static final CodeSet ANY = range(0, LAST);

    /** Ascending symbols where membership turns: in from the first, out from the second, in from the third... */
    private final int[] turns;

    private CodeSet(int[] turns) {
        this.turns = turns;
    }

    /** Both ends belong to the set. */
    static CodeSet range(int first, int last) {
        return new CodeSet(new int[] {first, last + 1});
    }

    static CodeSet of(int symbol) {
        return range(symbol, symbol);
    }

    static CodeSet of(String codePoints) {
        CodeSet all = NONE;
        for (int c : codePoints.codePoints().toArray()) {
            all = all.union(of(c));
        }
        return all;
    }

    /** All that some of the sets hold; in pairs, so that many small ones do not take long. */
    static CodeSet union(List<CodeSet> sets) {
        return switch (sets.size()) {
            case 0 -> NONE;
            case 1 -> sets.getFirst();
            default -> union(sets.subList(0, sets.size() / 2)).union(union(sets.subList(sets.size() / 2, sets.size())));
        };
    }

    CodeSet union(CodeSet other) {
        return combine(other, (a, b) -> a || b);
    }

    CodeSet intersect(CodeSet other) {
        return combine(other, (a, b) -> a && b);
    }

    CodeSet minus(CodeSet other) {
        return combine(other, (a, b) -> a && !b);
    }

    /** All code points that are not in this set. */
    CodeSet complement() {
        return ANY.minus(this);
    }

    private interface Membership {
        boolean of(boolean here, boolean there);
    }

    private CodeSet combine(CodeSet other, Membership membership) {
        int[] out = new int[turns.length + other.turns.length];
        int size = 0;
        int i = 0;
        int j = 0;
        boolean in = false;
        while (i < turns.length || j < other.turns.length) {
            int here = i < turns.length ? turns[i] : Integer.MAX_VALUE;
            int there = j < other.turns.length ? other.turns[j] : Integer.MAX_VALUE;
            int at = Math.min(here, there);
            i += here == at ? 1 : 0;
            j += there == at ? 1 : 0;
            boolean now = membership.of((i & 1) == 1, (j & 1) == 1);
            if (now != in) {
                out[size++] = at;
                in = now;
            }
        }
        return new CodeSet(Arrays.copyOf(out, size));
    }

    boolean contains(int symbol) {
        int at = Arrays.binarySearch(turns, symbol);
        return ((at >= 0 ? at + 1 : -at - 1) & 1) == 1;
    }

    boolean isEmpty() {
        return turns.length == 0;
    }

    int ranges() {
        return turns.length / 2;
    }

    int first(int range) {
        return turns[2 * range];
    }

    int last(int range) {
        return turns[2 * range + 1] - 1;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CodeSet set && Arrays.equals(turns, set.turns);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(turns);
    }
}
