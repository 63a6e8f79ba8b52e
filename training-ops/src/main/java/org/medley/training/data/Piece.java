package org.medley.training.data;

/**
 * Consecutive tokens of an example that a pass takes: the tokens {@code from} to {@code from + rows - 1} are its rows,
 * and each predicts the one behind it.
 */
public record Piece(TokenStore store, long example, long from, int rows) {
    /** A whole example. */
    public static Piece of(TokenStore store, long example) {
        return new Piece(store, example, 0, Math.toIntExact(store.length(example) - 1));
    }
}
