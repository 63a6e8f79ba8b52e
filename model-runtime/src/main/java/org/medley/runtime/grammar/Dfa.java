package org.medley.runtime.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import org.medley.runtime.grammar.Expr.Edge;

/** A deterministic automaton; its first state is 0. A missing move is a dead end. */
final class Dfa {
    private static final int DEAD = -1;

    /** For each state the ascending symbols from which on {@link #to} holds; the first is 0. */
    private final int[][] from;

    private final int[][] to;
    private final BitSet ends;

    private Dfa(int[][] from, int[][] to, BitSet ends) {
        this.from = from;
        this.to = to;
        this.ends = ends;
    }

    /**
     * All situations reachable from {@code start}.
     *
     * @param moves for a situation, the symbols from which on another follows; null for a dead end, as before the first
     */
    static <S> Dfa explore(
            S start, Function<S, NavigableMap<Integer, S>> moves, Predicate<S> ends, Limits.Budget budget) {
        Map<S, Integer> numbers = new HashMap<>();
        List<S> situations = new ArrayList<>();
        List<int[]> from = new ArrayList<>();
        List<int[]> to = new ArrayList<>();
        BitSet end = new BitSet();
        numbers.put(start, 0);
        situations.add(start);
        for (int s = 0; s < situations.size(); s++) {
            budget.state();
            end.set(s, ends.test(situations.get(s)));
            NavigableMap<Integer, S> next = moves.apply(situations.get(s));
            int[] symbols = new int[next.size() + 1];
            int[] targets = new int[next.size() + 1];
            int size = 1;
            targets[0] = DEAD;
            for (Map.Entry<Integer, S> move : next.entrySet()) {
                int target = DEAD;
                if (move.getValue() != null) {
                    Integer known = numbers.putIfAbsent(move.getValue(), situations.size());
                    target = known == null ? situations.size() : known;
                    if (known == null) {
                        situations.add(move.getValue());
                    }
                }
                if (move.getKey() == 0) {
                    targets[0] = target;
                } else if (targets[size - 1] != target) {
                    symbols[size] = move.getKey();
                    targets[size++] = target;
                }
            }
            from.add(Arrays.copyOf(symbols, size));
            to.add(Arrays.copyOf(targets, size));
        }
        return new Dfa(from.toArray(int[][]::new), to.toArray(int[][]::new), end);
    }

    /** @param live the only states to go through */
    static Dfa of(Nfa nfa, BitSet live, Limits.Budget budget) {
        BitSet start = new BitSet();
        start.set(Nfa.START);
        nfa.close(start);
        start.and(live);
        return explore(start, states -> moves(nfa, live, states), states -> states.get(nfa.end()), budget);
    }

    /** Of an expression over code points. */
    static Dfa of(Expr expr, Limits.Budget budget) {
        Nfa nfa = NfaBuilder.codePoints(expr, budget);
        return of(nfa, nfa.live(_ -> true), budget);
    }

    private static NavigableMap<Integer, BitSet> moves(Nfa nfa, BitSet live, BitSet states) {
        // Where an edge's range begins (its target) or has ended (the target's complement).
        TreeMap<Integer, List<Integer>> turns = new TreeMap<>();
        states.stream()
                .forEach(state -> nfa.forEachRead(state, (first, last, target) -> {
                    if (live.get(target)) {
                        turns.computeIfAbsent(first, _ -> new ArrayList<>()).add(target);
                        turns.computeIfAbsent(last + 1, _ -> new ArrayList<>()).add(~target);
                    }
                }));
        TreeMap<Integer, BitSet> moves = new TreeMap<>();
        Map<Integer, Integer> open = new HashMap<>();
        turns.forEach((symbol, targets) -> {
            for (int target : targets) {
                open.merge(target >= 0 ? target : ~target, target >= 0 ? 1 : -1, (a, b) -> a + b == 0 ? null : a + b);
            }
            BitSet reached = null;
            if (!open.isEmpty()) {
                reached = new BitSet();
                open.keySet().forEach(reached::set);
                nfa.close(reached);
                reached.and(live);
            }
            moves.put(symbol, reached);
        });
        return moves;
    }

    int states() {
        return from.length;
    }

    boolean ends(int state) {
        return ends.get(state);
    }

    /** The state after {@code symbol}, or -1. */
    int next(int state, int symbol) {
        int at = Arrays.binarySearch(from[state], symbol);
        return to[state][at >= 0 ? at : -at - 2];
    }

    interface Move {
        /** The last symbol belongs to the range, too. */
        void read(int first, int last, int target);
    }

    /** Passes the moves out of a state in ascending order. */
    void forEachMove(int state, Move move) {
        for (int i = 0; i < from[state].length; i++) {
            if (to[state][i] != DEAD) {
                int last = i + 1 < from[state].length ? from[state][i + 1] - 1 : Integer.MAX_VALUE;
                move.read(from[state][i], last, to[state][i]);
            }
        }
    }

    boolean accepts(String text) {
        int state = 0;
        for (int c : text.codePoints().toArray()) {
            state = next(state, c);
            if (state == DEAD) {
                return false;
            }
        }
        return ends(state);
    }

    boolean isEmpty() {
        return ends.isEmpty();
    }

    private record Pair(int a, int b) {}

    Dfa intersect(Dfa other, Limits.Budget budget) {
        return product(other, budget, false);
    }

    /** The texts of this automaton that are not the other's. */
    Dfa minus(Dfa other, Limits.Budget budget) {
        return product(other, budget, true);
    }

    private Dfa product(Dfa other, Limits.Budget budget, boolean minus) {
        return explore(
                new Pair(0, 0),
                pair -> {
                    TreeMap<Integer, Pair> moves = new TreeMap<>();
                    for (int symbol : from[pair.a]) {
                        moves.put(symbol, null);
                    }
                    if (pair.b != DEAD) {
                        for (int symbol : other.from[pair.b]) {
                            moves.put(symbol, null);
                        }
                    }
                    moves.replaceAll((symbol, _) -> {
                        int a = next(pair.a, symbol);
                        int b = pair.b == DEAD ? DEAD : other.next(pair.b, symbol);
                        return a == DEAD || !minus && b == DEAD ? null : new Pair(a, b);
                    });
                    return moves;
                },
                pair -> ends(pair.a) && (minus ? pair.b == DEAD || !other.ends(pair.b) : other.ends(pair.b)),
                budget);
    }

    /**
     * The texts between the two edges of what this automaton reads: those it accepts with {@link Symbols#TEXT_BEGINS}
     * before and {@link Symbols#TEXT_ENDS} after them.
     */
    Dfa withinEdges(Limits.Budget budget) {
        return explore(
                next(0, Symbols.TEXT_BEGINS),
                state -> {
                    TreeMap<Integer, Integer> moves = new TreeMap<>();
                    if (state != DEAD) {
                        forEachMove(state, (first, last, target) -> {
                            if (first <= CodeSet.LAST) {
                                moves.put(first, target);
                                moves.putIfAbsent(Math.min(last, CodeSet.LAST) + 1, null);
                            }
                        });
                    }
                    return moves;
                },
                state ->
                        state != DEAD && next(state, Symbols.TEXT_ENDS) != DEAD && ends(next(state, Symbols.TEXT_ENDS)),
                budget);
    }

    /** The same texts as an expression, each set of code points written as {@code spelling} says. */
    Expr spelled(Function<CodeSet, Expr> spelling) {
        List<Edge> edges = new ArrayList<>();
        for (int s = 0; s < states(); s++) {
            TreeMap<Integer, CodeSet> sets = new TreeMap<>();
            forEachMove(s, (first, last, target) -> sets.merge(target, CodeSet.range(first, last), CodeSet::union));
            int source = s;
            sets.forEach((target, set) -> edges.add(new Edge(source, spelling.apply(set), target)));
        }
        return new Expr.Graph(
                states(), edges, java.util.Set.copyOf(ends.stream().boxed().toList()));
    }
}
