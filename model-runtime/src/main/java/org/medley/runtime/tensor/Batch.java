package org.medley.runtime.tensor;

import java.util.List;

/**
 * The tokens of one forward pass: the rows of every activation, cut into spans of consecutive tokens that belong to one
 * sequence each. Training packs whole sequences ({@code past} 0, no cache); serving mixes prompts and single new tokens.
 *
 * @param tokens token ids, one per row
 * @param positions position of each row within its own sequence
 * @param spans the sequences, covering all rows in order
 */
public record Batch(int[] tokens, int[] positions, List<Span> spans) {
    /**
     * @param row first row of the span
     * @param rows rows of the span
     * @param cache keys and values of the tokens before, to which this span's are appended; null when there are none
     */
    public record Span(int row, int rows, KvCache cache) {
        public int past() {
            return cache == null ? 0 : cache.length();
        }
    }

    public Batch {
        int row = 0;
        for (Span span : spans) {
            if (span.row() != row || span.rows() < 1) {
                throw new IllegalArgumentException("span " + span + " does not continue at row " + row);
            }
            row += span.rows();
        }
        if (row != tokens.length || tokens.length != positions.length) {
            throw new IllegalArgumentException("spans cover " + row + " rows, tokens are " + tokens.length
                    + ", positions are " + positions.length);
        }
    }

    public int rows() {
        return tokens.length;
    }
}
