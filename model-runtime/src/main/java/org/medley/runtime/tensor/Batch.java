package org.medley.runtime.tensor;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tokens of one forward pass: the rows of every activation, cut into spans of consecutive tokens that belong to one
 * sequence each. Training packs whole sequences and sequences that begin alike (no cache); serving mixes pieces of prompts
 * and new tokens.
 *
 * @param tokens token ids, one per row
 * @param positions position of each row within its own sequence
 * @param spans the sequences, covering all rows in order
 * @param cache where keys and values of the tokens before lie and this pass's are put; null when there are none
 */
public record Batch(int[] tokens, int[] positions, List<Span> spans, KvCache cache) {
    /**
     * @param row first row of the span
     * @param rows rows of the span
     * @param past tokens of the sequence before the span, whose keys and values are in the cache, or without one in this
     *     pass
     * @param pages the sequence's pages in order, enough for the span's tokens too; the last of them are written
     * @param adapter the adapter that its rows go through, or null
     * @param beginning without a cache the row of the sequence's first token
     */
    public record Span(int row, int rows, int past, int[] pages, String adapter, int beginning) {
        private static final int[] NO_PAGES = {};

        /** A whole sequence. */
        public Span(int row, int rows) {
            this(row, rows, 0, row);
        }

        /** The rest of a sequence that begins like another one of the pass, with its first {@code past} tokens. */
        public Span(int row, int rows, int past, int beginning) {
            this(row, rows, past, NO_PAGES, null, beginning);
        }

        /** A piece of a sequence whose past is in a cache. */
        public Span(int row, int rows, int past, int[] pages, String adapter) {
            this(row, rows, past, pages, adapter, row);
        }
    }

    /** Whole sequences, for which no cache is kept. */
    public Batch(int[] tokens, int[] positions, List<Span> spans) {
        this(tokens, positions, spans, null);
    }

    /** A pass over the spans' tokens, each at its place in its sequence. */
    public static Batch of(int[] tokens, List<Span> spans, KvCache cache) {
        int[] positions = new int[tokens.length];
        for (Span span : spans) {
            for (int i = 0; i < span.rows(); i++) {
                positions[span.row() + i] = span.past() + i;
            }
        }
        return new Batch(tokens, positions, spans, cache);
    }

    public Batch {
        // With a cache nothing is looked up in it: a pass of a server makes none.
        Map<Integer, Integer> whole = cache == null ? new HashMap<>() : Map.of();
        int row = 0;
        for (Span span : spans) {
            if (span.row() != row || span.rows() < 1) {
                throw new IllegalArgumentException("span " + span + " does not continue at row " + row);
            }
            if (cache != null && (long) span.pages().length * KvPool.PAGE < span.past() + span.rows()) {
                throw new IllegalArgumentException("span " + span + " has " + span.pages().length + " pages of "
                        + KvPool.PAGE + " tokens; it needs room for " + (span.past() + span.rows()));
            }
            if (cache == null && span.past() > whole.getOrDefault(span.beginning(), 0)) {
                throw new IllegalArgumentException("span " + span + " has " + span.past()
                        + " tokens past that are neither in a cache nor in a sequence of this pass");
            }
            if (cache == null && span.past() == 0) {
                whole.put(row, span.rows());
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

    /** Without a cache: the spans by the rows that they begin with, each whole sequence before those that share them. */
    public List<List<Span>> alike() {
        Map<Integer, List<Span>> alike = new LinkedHashMap<>();
        for (Span span : spans) {
            alike.computeIfAbsent(span.beginning(), row -> new ArrayList<>()).add(span);
        }
        return List.copyOf(alike.values());
    }

    /** The first row of each span. */
    public int[] firstRows() {
        return spans.stream().mapToInt(Span::row).toArray();
    }
}
