package org.medley.training.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.medley.runtime.tensor.Batch;

/**
 * A pass: pieces beside each other, each attending to itself alone.
 *
 * @param rows those whose prediction is learned
 * @param targets the token that each of these should predict
 */
public record Packed(Batch batch, int[] rows, int[] targets) {
    public static Packed of(List<Piece> pieces) {
        int count = pieces.stream().mapToInt(Piece::rows).sum();
        int[] tokens = new int[count];
        int[] positions = new int[count];
        int[] rows = new int[count];
        int[] targets = new int[count];
        List<Batch.Span> spans = new ArrayList<>();
        int row = 0;
        int learned = 0;
        for (Piece piece : pieces) {
            spans.add(new Batch.Span(row, piece.rows()));
            int marked = piece.store().marked(piece.example(), piece.from());
            for (int i = 0; i < piece.rows(); i++, row++) {
                tokens[row] = Marked.token(marked);
                positions[row] = i;
                marked = piece.store().marked(piece.example(), piece.from() + i + 1);
                if (Marked.learned(marked)) {
                    rows[learned] = row;
                    targets[learned++] = Marked.token(marked);
                }
            }
        }
        return new Packed(
                new Batch(tokens, positions, List.copyOf(spans)),
                Arrays.copyOf(rows, learned),
                Arrays.copyOf(targets, learned));
    }
}
