package org.medley.training.data;

import java.util.ArrayList;
import java.util.List;
import org.medley.training.recipe.BadRecipeException;

/** One dataset's records, epoch after epoch in another order, given in pieces. */
final class Stream {
    private final FittedStore store;
    private final long seed;
    private final int dataset;
    private final int perRecord;
    private final long records;
    private Permutation order;
    private long epoch = -1;
    private long example;
    /** Records that were given to their end. */
    private long done;
    /** Rows that were given of the example after those. */
    private long row;

    Stream(FittedStore store, long seed, int dataset) {
        this.store = store;
        this.seed = seed;
        this.dataset = dataset;
        this.perRecord = store.store().format().examplesPerRecord();
        this.records = store.examples() / perRecord;
        find();
    }

    private void find() {
        long now = done / records;
        if (now != epoch) {
            epoch = now;
            order = Permutation.of(records, seed, dataset, epoch);
        }
        example = perRecord * order.at(done % records);
    }

    /** The next rows of an example, at most so many; null if the example is passed over. */
    Piece next(int most) {
        long rows = store.rows(example);
        Piece piece = rows == 0 ? null : new Piece(store.store(), example, row, (int) Math.min(most, rows - row));
        row += piece == null ? 0 : piece.rows();
        if (row == rows) {
            skip();
        }
        return piece;
    }

    /** The examples of the next record, each whole; none if one of them is passed over. */
    List<Piece> nextRecord() {
        List<Piece> pieces = new ArrayList<>();
        for (long one = example; one < example + perRecord; one++) {
            if (store.rows(one) > 0) {
                pieces.add(new Piece(store.store(), one, 0, Math.toIntExact(store.rows(one))));
            }
        }
        boolean whole = pieces.size() == perRecord;
        skip();
        return whole ? pieces : List.of();
    }

    private void skip() {
        done++;
        row = 0;
        find();
    }

    Feed.Cursor cursor() {
        return new Feed.Cursor(done, row);
    }

    void seek(Feed.Cursor cursor) {
        done = Math.max(0, cursor.done());
        find();
        row = cursor.row();
        if (cursor.done() < 0 || row < 0 || row > 0 && row >= store.rows(example)) {
            throw new BadRecipeException("dataset " + store.store().name() + ": position " + cursor
                    + " is not in it; it belongs to other data");
        }
    }
}
