package org.medley.runtime.text;

import java.util.Arrays;

/**
 * Turns tokens into text as they come. A character whose bytes are spread over several tokens is held back until it is
 * whole, so that what was given out never changes.
 */
public final class StreamDecoder {
    private static final char INCOMPLETE = '\uFFFD';

    private final Tokenizer tokenizer;
    private int[] tokens = new int[64];
    private int count;
    /** First token of the window that is decoded anew; everything before is given out for good. */
    private int window;

    private int given;

    public StreamDecoder(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /** The text that {@code token} completes; often empty. */
    public String next(int token) {
        if (count == tokens.length) {
            tokens = Arrays.copyOf(tokens, 2 * count);
        }
        tokens[count++] = token;
        String before = decode(window, given);
        String now = decode(window, count);
        if (now.length() <= before.length() || now.charAt(now.length() - 1) == INCOMPLETE) {
            return "";
        }
        window = given;
        given = count;
        return now.substring(before.length());
    }

    /** What is still held back at the end, incomplete characters included. */
    public String rest() {
        String before = decode(window, given);
        String now = decode(window, count);
        given = count;
        return now.length() > before.length() ? now.substring(before.length()) : "";
    }

    private String decode(int from, int to) {
        return from == to ? "" : tokenizer.decode(Arrays.copyOfRange(tokens, from, to), true);
    }
}
