package org.medley.runtime.grammar;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/** A model's tokens as grammars need them: their bytes as a trie, and the tokens that end a text. Immutable. */
public final class Vocabulary {
    private final TokenBytes tokens;
    private final int[] ends;
    private final TokenTrie trie;
    private final String identity;

    /** @param ends ids that end a text; they may lie beyond the tokenizer's */
    public Vocabulary(TokenBytes tokens, int... ends) {
        this.tokens = tokens;
        this.ends = Arrays.stream(ends).sorted().distinct().toArray();
        if (this.ends.length == 0 || this.ends[0] < 0 || this.ends[this.ends.length - 1] >= TokenBytes.MOST_TOKENS) {
            throw new IllegalArgumentException("a vocabulary needs an end-of-sequence token, from 0 to "
                    + (TokenBytes.MOST_TOKENS - 1) + ", not " + Arrays.toString(ends));
        }
        this.trie = new TokenTrie(tokens, this.ends);
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

    TokenTrie trie() {
        return trie;
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
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update((byte) (tokens.dropsFirstSpace() ? 1 : 0));
            digest.update(Arrays.toString(ends).getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            for (int id = 0; id < tokens.size(); id++) {
                int length = tokens.length(id);
                digest.update((byte) (tokens.special(id) ? 1 : 0));
                digest.update(
                        new byte[] {(byte) (length >> 24), (byte) (length >> 16), (byte) (length >> 8), (byte) length});
                digest.update(tokens.bytes(id));
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK has no SHA-256", e);
        }
    }
}
