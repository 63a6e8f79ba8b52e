package org.medley.runtime.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.medley.runtime.grammar.Expr.Edge;

/** A deterministic automaton; its first state is 0, and from every other an end can be reached. */
final class Dfa {
    private static final int DEAD = -1;

    private final Alphabet alphabet;
    /** For each state the ascending kinds of symbols it reads. */
    private final int[][] kinds;

    private final int[][] targets;
    private final BitSet ends;

    private Dfa(Alphabet alphabet, int[][] kinds, int[][] targets, BitSet ends) {
        this.alphabet = alphabet;
        this.kinds = kinds;
        this.targets = targets;
        this.ends = ends;
    }

    interface Step<S> {
        /** The situation after a symbol, or null. */
        S after(S situation, int symbol);
    }

    /** All situations reachable from {@code start}, which are the same for all symbols of a kind. */
    static <S> Dfa explore(S start, Alphabet alphabet, Step<S> step, Predicate<S> ends, Limits.Budget budget) {
        return explore(
                start,
                alphabet,
                situation -> {
                    List<S> after = new ArrayList<>(alphabet.kinds());
                    for (int kind = 0; kind < alphabet.kinds(); kind++) {
                        CodeSet symbols = alphabet.symbols(kind);
                        after.add(symbols.isEmpty() ? null : step.after(situation, symbols.first(0)));
                    }
                    return after;
                },
                ends,
                budget);
    }

    /** @param moves for a situation what follows each kind of symbol; null for nothing */
    private static <S> Dfa explore(
            S start, Alphabet alphabet, Function<S, List<S>> moves, Predicate<S> ends, Limits.Budget budget) {
        Map<S, Integer> numbers = new HashMap<>(Map.of(start, 0));
        List<S> situations = new ArrayList<>(List.of(start));
        List<int[]> kinds = new ArrayList<>();
        List<int[]> targets = new ArrayList<>();
        BitSet end = new BitSet();
        int[] read = new int[alphabet.kinds()];
        int[] reached = new int[alphabet.kinds()];
        for (int s = 0; s < situations.size(); s++) {
            budget.state();
            end.set(s, ends.test(situations.get(s)));
            int size = 0;
            List<S> after = moves.apply(situations.get(s));
            for (int kind = 0; kind < after.size(); kind++) {
                S next = after.get(kind);
                if (next != null) {
                    Integer known = numbers.putIfAbsent(next, situations.size());
                    read[size] = kind;
                    reached[size++] = known == null ? situations.size() : known;
                    if (known == null) {
                        situations.add(next);
                    }
                }
            }
            kinds.add(Arrays.copyOf(read, size));
            targets.add(Arrays.copyOf(reached, size));
        }
        return new Dfa(alphabet, kinds.toArray(int[][]::new), targets.toArray(int[][]::new), end).trimmed();
    }

    /** Without the states from which no end can be reached; the first stays in any case. */
    private Dfa trimmed() {
        int[] sources = new int[states() + 1];
        for (int[] reached : targets) {
            for (int target : reached) {
                sources[target + 1]++;
            }
        }
        Arrays.parallelPrefix(sources, Integer::sum);
        int[] filled = sources.clone();
        int[] source = new int[sources[states()]];
        for (int s = 0; s < states(); s++) {
            for (int target : targets[s]) {
                source[filled[target]++] = s;
            }
        }
        BitSet live = (BitSet) ends.clone();
        Deque<Integer> open = new ArrayDeque<>(ends.stream().boxed().toList());
        while (!open.isEmpty()) {
            int state = open.remove();
            for (int i = sources[state]; i < sources[state + 1]; i++) {
                if (!live.get(source[i])) {
                    live.set(source[i]);
                    open.add(source[i]);
                }
            }
        }
        live.set(0);
        if (live.cardinality() == states()) {
            return this;
        }
        int[] kept = live.stream().toArray();
        BitSet keptEnds = new BitSet();
        int[][] keptKinds = new int[kept.length][];
        int[][] keptTargets = new int[kept.length][];
        for (int s = 0; s < kept.length; s++) {
            int state = kept[s];
            keptEnds.set(s, ends.get(state));
            int[] moves = IntStream.range(0, kinds[state].length)
                    .filter(i -> live.get(targets[state][i]))
                    .toArray();
            keptKinds[s] = Arrays.stream(moves).map(i -> kinds[state][i]).toArray();
            keptTargets[s] = Arrays.stream(moves)
                    .map(i -> Arrays.binarySearch(kept, targets[state][i]))
                    .toArray();
        }
        return new Dfa(alphabet, keptKinds, keptTargets, keptEnds);
    }

    /** @param live the only states to go through */
    static Dfa of(Nfa nfa, BitSet live, Limits.Budget budget) {
        Subsets subsets = new Subsets(nfa, live);
        return explore(
                subsets.start(),
                subsets.alphabet(),
                subsets::after,
                (Predicate<Subsets.Subset>) subset -> subset.contains(nfa.end()),
                budget);
    }

    /** Of an expression over code points. */
    static Dfa of(Expr expr, Limits.Budget budget) {
        Nfa nfa = NfaBuilder.codePoints(expr, budget);
        return of(nfa, nfa.live(_ -> true), budget);
    }

    int states() {
        return kinds.length;
    }

    boolean ends(int state) {
        return ends.get(state);
    }

    /** The state after {@code symbol}, or -1. */
    int next(int state, int symbol) {
        int at = Arrays.binarySearch(kinds[state], alphabet.kind(symbol));
        return at < 0 ? DEAD : targets[state][at];
    }

    interface Move {
        void read(CodeSet symbols, int target);
    }

    /** Passes the moves out of a state. */
    void forEachMove(int state, Move move) {
        for (int i = 0; i < kinds[state].length; i++) {
            move.read(alphabet.symbols(kinds[state][i]), targets[state][i]);
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
        return explore(
                new Pair(0, 0),
                alphabet.and(other.alphabet),
                (pair, symbol) -> {
                    int a = next(pair.a, symbol);
                    int b = a == DEAD ? DEAD : other.next(pair.b, symbol);
                    return b == DEAD ? null : new Pair(a, b);
                },
                pair -> ends(pair.a) && other.ends(pair.b),
                budget);
    }

    /** The texts of this automaton that are not the other's. */
    Dfa minus(Dfa other, Limits.Budget budget) {
        return explore(
                new Pair(0, 0),
                alphabet.and(other.alphabet),
                (pair, symbol) -> {
                    int a = next(pair.a, symbol);
                    int b = pair.b == DEAD ? DEAD : other.next(pair.b, symbol);
                    return a == DEAD ? null : new Pair(a, b);
                },
                pair -> ends(pair.a) && (pair.b == DEAD || !other.ends(pair.b)),
                budget);
    }

    /**
     * The texts between the two edges of what this automaton reads: those it accepts with {@link Symbols#TEXT_BEGINS}
     * before and {@link Symbols#TEXT_ENDS} after them.
     */
    Dfa withinEdges(Limits.Budget budget) {
        Alphabet apart = alphabet.and(Alphabet.of(List.of(CodeSet.ANY)));
        return explore(
                next(0, Symbols.TEXT_BEGINS),
                apart,
                (state, symbol) -> {
                    int target = state == DEAD || symbol > CodeSet.LAST ? DEAD : next(state, symbol);
                    return target == DEAD ? null : target;
                },
                state -> state != DEAD && endsAfterText(next(state, Symbols.TEXT_ENDS)),
                budget);
    }

    private boolean endsAfterText(int state) {
        return state != DEAD && ends(state);
    }

    /** The same texts as an expression, each set of code points written as {@code spelling} says. */
    Expr spelled(Function<CodeSet, Expr> spelling) {
        List<Edge> edges = new ArrayList<>();
        for (int s = 0; s < states(); s++) {
            TreeMap<Integer, List<CodeSet>> sets = new TreeMap<>();
            forEachMove(
                    s,
                    (symbols, target) ->
                            sets.computeIfAbsent(target, _ -> new ArrayList<>()).add(symbols));
            int source = s;
            sets.forEach((target, parts) -> edges.add(new Edge(source, spelling.apply(CodeSet.union(parts)), target)));
        }
        return new Expr.Graph(states(), edges, Set.copyOf(ends.stream().boxed().toList()));
    }
}
