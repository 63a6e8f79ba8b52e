package org.medley.runtime.grammar;

import java.util.BitSet;

/** All heads that given ones reach without reading a byte: by calling rules, returning from them, and counting. */
final class Closure {
    private final Automaton automaton;
    private final Config.Heads all = new Config.Heads();
    private final BitSet open = new BitSet();
    private boolean bottom;

    Closure(Automaton automaton, long[] heads, Stack[] stacks) {
        this.automaton = automaton;
        for (int i = 0; i < heads.length; i++) {
            add(heads[i], stacks[i]);
        }
        // A head whose callers grew is gone through again. It ends, since no rule begins by calling itself.
        for (int i = open.nextSetBit(0); i >= 0; i = open.nextSetBit(0)) {
            open.clear(i);
            expand(all.head(i), all.stack(i));
        }
    }

    private void add(long head, Stack stack) {
        int place = all.add(head, stack);
        if (place >= 0) {
            open.set(place);
        }
    }

    private void expand(long head, Stack stack) {
        int state = Head.state(head);
        if (automaton.ends(state)) {
            bottom |= stack.bottom();
            for (int i = 0; i < stack.callers(); i++) {
                add(stack.caller(i), stack.below(i));
            }
        }
        int counting = automaton.count(state);
        if (counting >= 0 && Head.may(head) > 0) {
            add(Head.counting(counting, head), stack);
        }
        int counted = automaton.counted(state);
        if (counted >= 0 && Head.needs(head) == 0) {
            add(Head.of(counted, 0, 0), stack);
        }
        int[] calls = automaton.calls(state);
        for (int i = 0; i < calls.length; i += 2) {
            // What only returns after a call is not returned to.
            Stack callers = automaton.returns(calls[i + 1]) ? stack : stack.push(Head.at(calls[i + 1], head));
            add(automaton.start(calls[i]), callers);
        }
    }

    int size() {
        return all.size();
    }

    long head(int i) {
        return all.head(i);
    }

    Stack stack(int i) {
        return all.stack(i);
    }

    boolean bottom() {
        return bottom;
    }

    /** The bytes that some head reads. */
    CodeSet bytes() {
        CodeSet set = CodeSet.NONE;
        for (int i = 0; i < all.size(); i++) {
            CodeSet[] read = {set};
            automaton.forEachRead(
                    Head.state(all.head(i)), (first, last) -> read[0] = read[0].union(CodeSet.range(first, last)));
            set = read[0];
        }
        return set;
    }
}
