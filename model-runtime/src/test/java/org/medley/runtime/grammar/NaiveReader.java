package org.medley.runtime.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Reads bytes with the pushdown automaton as it is defined: a set of whole stacks, nothing shared and nothing kept. */
final class NaiveReader {
    private final Automaton automaton;

    /** The head last, its callers before it. */
    private Set<List<Long>> stacks = new HashSet<>();

    NaiveReader(Automaton automaton, Config start) {
        this.automaton = automaton;
        for (int i = 0; i < start.size(); i++) {
            stacks.add(List.of(start.head(i)));
        }
    }

    private NaiveReader(NaiveReader other) {
        this.automaton = other.automaton;
        this.stacks = new HashSet<>(other.stacks);
    }

    /** Whether the text so far and these bytes still begin some text. */
    boolean allows(TokenBytes tokens, int token) {
        if (!tokens.text(token)) {
            return false;
        }
        NaiveReader copy = new NaiveReader(this);
        copy.read(tokens.bytes(token));
        return !copy.stacks.isEmpty();
    }

    void read(byte[] bytes) {
        for (byte b : bytes) {
            Set<List<Long>> next = new HashSet<>();
            for (List<Long> stack : closure()) {
                if (!stack.isEmpty()) {
                    int target = automaton.next(Head.state(stack.getLast()), b & 0xFF);
                    if (target >= 0) {
                        next.add(with(stack, Head.at(target, stack.getLast())));
                    }
                }
            }
            stacks = next;
        }
    }

    boolean mayEnd() {
        return closure().contains(List.<Long>of());
    }

    private Set<List<Long>> closure() {
        Set<List<Long>> all = new HashSet<>(stacks);
        Deque<List<Long>> open = new ArrayDeque<>(stacks);
        while (!open.isEmpty()) {
            List<Long> stack = open.remove();
            if (stack.isEmpty()) {
                continue;
            }
            long head = stack.getLast();
            int state = Head.state(head);
            List<List<Long>> next = new ArrayList<>();
            if (automaton.ends(state)) {
                next.add(stack.subList(0, stack.size() - 1));
            }
            if (automaton.count(state) >= 0 && Head.may(head) > 0) {
                int may = Head.may(head) == Head.MANY ? Head.MANY : Head.may(head) - 1;
                next.add(with(stack, Head.of(automaton.count(state), Math.max(Head.needs(head) - 1, 0), may)));
            }
            if (automaton.counted(state) >= 0 && Head.needs(head) == 0) {
                next.add(with(stack, Head.of(automaton.counted(state), 0, 0)));
            }
            int[] calls = automaton.calls(state);
            for (int i = 0; i < calls.length; i += 2) {
                List<Long> called = new ArrayList<>(with(stack, Head.at(calls[i + 1], head)));
                called.add(automaton.start(calls[i]));
                next.add(called);
            }
            for (List<Long> after : next) {
                if (all.add(after)) {
                    open.add(after);
                }
            }
        }
        return all;
    }

    private static List<Long> with(List<Long> stack, long head) {
        List<Long> copy = new ArrayList<>(stack);
        copy.set(copy.size() - 1, head);
        return copy;
    }
}
