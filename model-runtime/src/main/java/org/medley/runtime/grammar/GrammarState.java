package org.medley.runtime.grammar;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/**
 * How far one sequence has come in its grammar. For one thread at a time; copies and steps back cost nothing, since what
 * was before is kept and shared.
 */
public final class GrammarState {
    private static final int MOST_FORCED = 4096;

    private final Grammar grammar;
    private final Vocabulary vocabulary;
    private Step last;

    /**
     * @param config null after an end of sequence
     * @param before null at the beginning
     */
    private record Step(Config config, Step before, int accepted) {}

    GrammarState(Grammar grammar, Config start) {
        this(grammar, new Step(start, null, 0));
    }

    private GrammarState(Grammar grammar, Step last) {
        this.grammar = grammar;
        this.vocabulary = grammar.vocabulary();
        this.last = last;
    }

    /** The same state, to go another way from here. */
    public GrammarState copy() {
        return new GrammarState(grammar, last);
    }

    /**
     * Writes which tokens may come next: bit {@code i & 63} of word {@code i >> 6} for token {@code i}.
     *
     * @param mask at least {@link Vocabulary#maskWords} words, all of them overwritten
     * @return how many tokens may come; 0 after an end of sequence only
     */
    public int fill(long[] mask) {
        if (mask.length < vocabulary.maskWords()) {
            throw new IllegalArgumentException(
                    "a mask over this vocabulary takes " + vocabulary.maskWords() + " words, not " + mask.length);
        }
        Arrays.fill(mask, 0);
        if (last.config != null) {
            grammar.or(last.config, mask);
            if (last.config.mayEnd()) {
                for (int end : vocabulary.ends()) {
                    mask[end >>> 6] |= 1L << end;
                }
            }
        }
        int count = 0;
        for (long word : mask) {
            count += Long.bitCount(word);
        }
        return count;
    }

    /** Whether {@code token} may come next; for single tokens cheaper than a mask. */
    public boolean allows(int token) {
        return last.config != null && (vocabulary.ends(token) ? last.config.mayEnd() : after(token) != null);
    }

    /** @throws IllegalArgumentException if the token may not come next; the state is as before */
    public void accept(int token) {
        boolean end = vocabulary.ends(token);
        Config next = end || last.config == null ? null : after(token);
        if (last.config == null || (end ? !last.config.mayEnd() : next == null)) {
            throw new IllegalArgumentException(
                    "token " + token + " may not come after " + last.accepted + " tokens of this sequence");
        }
        last = new Step(next, last, last.accepted + 1);
    }

    private Config after(int token) {
        TokenBytes tokens = vocabulary.tokens();
        if (!tokens.text(token)) {
            return null;
        }
        Config config = last.config;
        for (int i = 0; i < tokens.length(token) && config != null; i++) {
            config = config.step(tokens.at(token, i) & 0xFF);
        }
        return config;
    }

    /** Null after an end of sequence. */
    Config config() {
        return last.config;
    }

    /** How many tokens were accepted, an end of sequence included. */
    public int accepted() {
        return last.accepted;
    }

    /** Takes the last {@code tokens} back. */
    public void rollback(int tokens) {
        if (tokens < 0 || tokens > last.accepted) {
            throw new IllegalArgumentException(
                    "of " + last.accepted + " tokens accepted " + tokens + " cannot be taken back");
        }
        for (int i = 0; i < tokens; i++) {
            last = last.before;
        }
    }

    /** Whether the text so far satisfies the grammar as a whole, so that the sequence may end. */
    public boolean complete() {
        return last.config == null || last.config.mayEnd();
    }

    /** Whether nothing but an end of sequence can come. */
    public boolean finished() {
        return last.config == null
                || last.config.mayEnd() && last.config.bytes().isEmpty();
    }

    /**
     * The bytes that have to come next whatever the model prefers, so that they need not be asked for; none where there
     * is a choice, the choice to end included. At most {@value #MOST_FORCED} are looked ahead, and the last character may
     * not be whole.
     */
    public byte[] forced() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Config config = last.config;
        while (config != null && !config.mayEnd() && bytes.size() < MOST_FORCED) {
            CodeSet next = config.bytes();
            if (next.ranges() != 1 || next.first(0) != next.last(0)) {
                break;
            }
            bytes.write(next.first(0));
            config = config.step(next.first(0));
        }
        return bytes.toByteArray();
    }
}
