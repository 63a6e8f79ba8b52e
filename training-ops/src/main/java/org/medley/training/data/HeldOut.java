package org.medley.training.data;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/**
 * The first examples of datasets, in order and packed: what a model is measured on. Passes are made anew by each
 * iteration, and those in which nothing is learned are left out.
 */
public final class HeldOut implements Iterable<Packed> {
    private final List<FittedStore> stores;
    private final long most;
    private final int sequence;
    private final int microTokens;

    /** Measured as pre-training learns: longer examples are pieces beside each other, whatever their format. */
    public static HeldOut windows(List<TokenStore> stores, long most, int sequence, int microTokens) {
        return new HeldOut(stores.stream().map(FittedStore::documents).toList(), most, sequence, microTokens);
    }

    /**
     * @param most examples taken of each dataset; of a document longer than a sequence each piece is one
     * @param microTokens rows of a pass at most
     */
    public HeldOut(List<TokenStore> stores, long most, int sequence, TooLong rule, int microTokens) {
        this(stores.stream().map(store -> Feed.fitted(store, sequence, rule)).toList(), most, sequence, microTokens);
    }

    private HeldOut(List<FittedStore> stores, long most, int sequence, int microTokens) {
        this.stores = stores;
        this.most = most;
        this.sequence = sequence;
        this.microTokens = microTokens;
    }

    @Override
    public Iterator<Packed> iterator() {
        return new Passes();
    }

    private final class Passes implements Iterator<Packed> {
        private int store;
        private long taken;
        private long example;
        private long row;
        private Piece waiting;
        private Packed ready;

        @Override
        public boolean hasNext() {
            while (ready == null) {
                List<Piece> pieces = pass();
                if (pieces.isEmpty()) {
                    return false;
                }
                Packed pass = Packed.of(pieces);
                ready = pass.targets().length > 0 ? pass : null;
            }
            return true;
        }

        private List<Piece> pass() {
            List<Piece> pieces = new ArrayList<>();
            int free = microTokens;
            Piece piece = waiting == null ? piece() : waiting;
            while (piece != null && (pieces.isEmpty() || piece.rows() <= free)) {
                pieces.add(piece);
                free -= piece.rows();
                piece = piece();
            }
            waiting = piece;
            return pieces;
        }

        private Piece piece() {
            while (store < stores.size()) {
                FittedStore from = stores.get(store);
                if (taken == most || example == from.examples()) {
                    store++;
                    taken = 0;
                    example = 0;
                    row = 0;
                    continue;
                }
                long rows = from.rows(example);
                if (row < rows) {
                    Piece piece = new Piece(from.store(), example, row, (int) Math.min(sequence, rows - row));
                    row += piece.rows();
                    taken++;
                    return piece;
                }
                example++;
                row = 0;
            }
            return null;
        }

        @Override
        public Packed next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            Packed pass = ready;
            ready = null;
            return pass;
        }
    }
}
