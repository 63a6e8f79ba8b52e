package org.medley.runtime.grammar;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.ModelSource;

/** The bytes that each token of a vocabulary adds to a text. Immutable. */
public final class TokenBytes {
    /** Ids end here, far beyond any vocabulary; a larger one is a damaged file. */
    static final int MOST_TOKENS = 1 << 22;

    private final byte[][] bytes;
    private final BitSet special;
    private final boolean dropsFirstSpace;

    private TokenBytes(byte[][] bytes, BitSet special, boolean dropsFirstSpace) {
        this.bytes = bytes;
        this.special = special;
        this.dropsFirstSpace = dropsFirstSpace;
    }

    /**
     * @param bytes for each id; null or empty for an id that adds none
     * @param special for each id whether the token is a control token and no part of any text
     * @param dropsFirstSpace whether a space at the very beginning of a text is left out when tokens are decoded, as
     *     SentencePiece vocabularies do
     */
    public static TokenBytes of(byte[][] bytes, boolean[] special, boolean dropsFirstSpace) {
        if (bytes.length != special.length || bytes.length > MOST_TOKENS) {
            throw new IllegalArgumentException("a vocabulary needs as many flags as tokens and at most " + MOST_TOKENS
                    + " of them, not " + bytes.length + " tokens and " + special.length + " flags");
        }
        byte[][] copy = new byte[bytes.length][];
        BitSet flags = new BitSet();
        for (int i = 0; i < bytes.length; i++) {
            copy[i] = bytes[i] == null ? new byte[0] : bytes[i].clone();
            flags.set(i, special[i]);
        }
        return new TokenBytes(copy, flags, dropsFirstSpace);
    }

    /** @throws org.medley.runtime.weights.BadModelException if the file is no byte-level or SentencePiece vocabulary */
    public static TokenBytes read(Path tokenizerJson) {
        try {
            return new VocabularyReader(tokenizerJson, Files.readAllBytes(tokenizerJson)).tokens();
        } catch (IOException e) {
            throw new BadModelException(tokenizerJson, "cannot be read: " + e.getMessage(), e);
        }
    }

    /** The same for a model, whatever its tokenizer comes from. */
    public static TokenBytes of(ModelSource model) {
        return new VocabularyReader(model.path(), model.tokenizerJson()).tokens();
    }

    /**
     * The same vocabulary, with these special tokens as ordinary ones: for models that write, say, {@code [TOOL_CALLS]}
     * as a control token, and a grammar that has to begin with it.
     */
    public TokenBytes asText(int... ids) {
        BitSet fewer = (BitSet) special.clone();
        for (int id : ids) {
            fewer.clear(id);
        }
        return new TokenBytes(bytes, fewer, dropsFirstSpace);
    }

    public int size() {
        return bytes.length;
    }

    /** The token's bytes, also if it is special; none for an id that adds none. */
    public byte[] bytes(int id) {
        return bytes[id].clone();
    }

    public int length(int id) {
        return bytes[id].length;
    }

    byte at(int id, int index) {
        return bytes[id][index];
    }

    public boolean special(int id) {
        return special.get(id);
    }

    /** Whether the token may be part of a text. */
    public boolean text(int id) {
        return id >= 0 && id < bytes.length && bytes[id].length > 0 && !special.get(id);
    }

    public boolean dropsFirstSpace() {
        return dropsFirstSpace;
    }
}
