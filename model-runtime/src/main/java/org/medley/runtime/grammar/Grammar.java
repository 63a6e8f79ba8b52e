package org.medley.runtime.grammar;

import java.util.List;
import java.util.Set;

/**
 * A grammar compiled for a vocabulary. Immutable, and safe for any number of threads and sequences: what is remembered
 * while masks are made serves all of them.
 */
public final class Grammar {
    /** For masks that are remembered; begun anew beyond. */
    private static final long MOST_MASK_BYTES = 16L << 20;

    private final Vocabulary vocabulary;
    private final Config start;
    private final List<Masks> masks;

    private Grammar(Vocabulary vocabulary, Automaton automaton, Config start) {
        this.vocabulary = vocabulary;
        this.start = start;
        ConfigPool pool = new ConfigPool();
        this.masks = vocabulary.tries().stream()
                .map(trie -> new Masks(automaton, pool, trie, vocabulary.maskWords(), MOST_MASK_BYTES))
                .toList();
    }

    public static Grammar compile(Syntax syntax, Vocabulary vocabulary) {
        return compile(syntax, vocabulary, Limits.DEFAULT);
    }

    /** @throws GrammarException if it is malformed, uses what is not supported, exceeds the limits or allows no text */
    public static Grammar compile(Syntax syntax, Vocabulary vocabulary, Limits limits) {
        Limits.Budget budget = new Limits.Budget(limits);
        Rules rules = new Rules(budget);
        int root = rules.add(new SyntaxCompiler(rules, budget).compile(syntax)).rule();
        // Decoding drops a space at the very beginning: it may be written where the text itself cannot begin with one,
        // and has to be where it can, so that no other space is dropped.
        int spaced = rules.add(Expr.seq(Expr.text(" "), new Expr.Call(root))).rule();
        Automaton automaton = Automaton.of(rules, Set.of(root, spaced), vocabulary.singleBytes(), budget);
        if (!automaton.possible(root)) {
            throw new GrammarException(
                    "no text satisfies what is asked: what must be there is ruled out elsewhere, or the"
                            + " vocabulary has no tokens for it");
        }
        Config plain = Config.at(automaton, automaton.start(root));
        if (!vocabulary.tokens().dropsFirstSpace() || !automaton.possible(spaced)) {
            return new Grammar(vocabulary, automaton, plain);
        }
        return new Grammar(
                vocabulary,
                automaton,
                plain.step(' ') == null
                        ? Config.at(automaton, automaton.start(root), automaton.start(spaced))
                        : Config.at(automaton, automaton.start(spaced)));
    }

    /** The state before the first token. */
    public GrammarState start() {
        return new GrammarState(this, start);
    }

    public Vocabulary vocabulary() {
        return vocabulary;
    }

    /** Sets the bits of the tokens that may follow, ends of sequence aside. */
    void or(Config config, long[] mask) {
        masks.forEach(some -> some.or(config, mask));
    }
}
