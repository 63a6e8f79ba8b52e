package org.medley.runtime.grammar;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.medley.runtime.digest.Sha256;

/** A model's tokens as grammars need them: their bytes as tries, and the tokens that end a text. Immutable. */
public final class Vocabulary {
    /** One in so many tokens is long. */
    private static final int LONG_TOKENS = 64;

    private final TokenBytes tokens;
    private final int[] ends;
    private final List<TokenTrie> tries;
    private final String identity;

    /** @param ends ids that end a text; they may lie beyond the tokenizer's */
    public Vocabulary(TokenBytes tokens, int... ends) {
        this.tokens = tokens;
        this.ends = Arrays.stream(ends).sorted().distinct().toArray();
        if (this.ends.length == 0 || this.ends[0] < 0 || this.ends[this.ends.length - 1] >= TokenBytes.MOST_TOKENS) {
            throw new IllegalArgumentException("a vocabulary needs an end-of-sequence token, from 0 to "
                    + (TokenBytes.MOST_TOKENS - 1) + ", not " + Arrays.toString(ends));
        }
        this.tries = tries(tokens, this.ends);
        this.identity = hash();
    }

    public TokenBytes tokens() {
        return tokens;
    }

    /** One more than the highest id with a meaning. A model may have more rows, which are never allowed. */
    public int size() {
        return Math.max(tokens.size(), ends[ends.length - 1] + 1);
    }

    /** How many 64-bit words a mask over this vocabulary takes. */
    public int maskWords() {
        return (size() + 63) >>> 6;
    }

    /** Equal for vocabularies that are the same, whatever file they come from. */
    public String identity() {
        return identity;
    }

    int[] ends() {
        return ends;
    }

    boolean ends(int token) {
        return Arrays.binarySearch(ends, token) >= 0;
    }

    /**
     * Most tokens, and apart from them the few long ones: that a long token would not fit any more into what is counted
     * is then no reason to look at all others again.
     */
    List<TokenTrie> tries() {
        return tries;
    }

    private static List<TokenTrie> tries(TokenBytes tokens, int[] ends) {
        int[] text = IntStream.range(0, tokens.size())
                .filter(id -> tokens.text(id) && Arrays.binarySearch(ends, id) < 0)
                .toArray();
        int[] lengths = Arrays.stream(text).map(tokens::length).sorted().toArray();
        int usual = lengths.length == 0 ? 0 : lengths[lengths.length - 1 - lengths.length / LONG_TOKENS];
        return List.of(
                new TokenTrie(tokens, Arrays.stream(text).filter(id -> tokens.length(id) <= usual)),
                new TokenTrie(tokens, Arrays.stream(text).filter(id -> tokens.length(id) > usual)));
    }

    /** The bytes that are tokens by themselves: with these, whatever a grammar asks for can be written. */
    CodeSet singleBytes() {
        CodeSet set = CodeSet.NONE;
        for (int id = 0; id < tokens.size(); id++) {
            if (tokens.length(id) == 1 && tokens.text(id) && !ends(id)) {
                set = set.union(CodeSet.of(tokens.at(id, 0) & 0xFF));
            }
        }
        return set;
    }

    private String hash() {
        Sha256 hash = new Sha256();
        hash.add((byte) (tokens.dropsFirstSpace() ? 1 : 0)).add(Arrays.toString(ends));
        for (int id = 0; id < tokens.size(); id++) {
            hash.add((byte) (tokens.special(id) ? 1 : 0))
                    .addInt(tokens.length(id))
                    .add(tokens.bytes(id));
        }
        return hash.hex();
    }
}
