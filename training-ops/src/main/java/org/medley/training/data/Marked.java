package org.medley.training.data;

/**
 * Tokens with whether they are learned, as {@code tokens.bin} holds them: the sign bit marks a learned token, and the
 * other 31 bits hold any id.
 */
final class Marked {
    private static final int LEARNED = Integer.MIN_VALUE;

    private Marked() {}

    static int of(int token, boolean learned) {
        return learned ? token | LEARNED : token;
    }

    static int token(int marked) {
        return marked & ~LEARNED;
    }

    static boolean learned(int marked) {
        return marked < 0;
    }

    static int[] all(int[] tokens, boolean learned) {
        int[] marked = new int[tokens.length];
        for (int i = 0; i < marked.length; i++) {
            marked[i] = of(tokens[i], learned);
        }
        return marked;
    }
}
