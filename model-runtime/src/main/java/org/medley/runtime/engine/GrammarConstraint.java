package org.medley.runtime.engine;

import org.medley.runtime.grammar.Grammar;
import org.medley.runtime.grammar.GrammarState;

/** A sequence bound by a grammar. */
public final class GrammarConstraint implements Constraint {
    private final GrammarState state;
    private final long[] mask;

    public GrammarConstraint(Grammar grammar) {
        this.state = grammar.start();
        this.mask = new long[grammar.vocabulary().maskWords()];
    }

    @Override
    public long[] allowed() {
        if (state.fill(mask) == 0) {
            throw new IllegalStateException("nothing may follow what was written so far");
        }
        return mask;
    }

    @Override
    public void accept(int token) {
        state.accept(token);
    }
}
