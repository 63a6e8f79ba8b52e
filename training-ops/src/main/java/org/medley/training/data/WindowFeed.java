package org.medley.training.data;

import java.util.ArrayList;
import java.util.List;
import org.medley.training.recipe.BadRecipeException;

/** Passes of exactly {@code microTokens} rows. A draw chooses the dataset that fills the next sequence. */
final class WindowFeed extends Feed {
    WindowFeed(List<Source> sources, List<FittedStore> stores, int sequence, int microTokens, long seed) {
        super(sources, stores, sequence, microTokens, seed);
    }

    @Override
    List<Piece> nextPass() {
        List<Piece> pieces = new ArrayList<>();
        for (int free = microTokens; free > 0; ) {
            int length = Math.min(sequence, free);
            Stream stream = draws.next();
            for (int left = length; left > 0; ) {
                Piece piece = stream.next(left);
                pieces.add(piece);
                left -= piece.rows();
            }
            free -= length;
        }
        return pieces;
    }

    @Override
    public State position() {
        return draws.position(0);
    }

    @Override
    public void seek(State state) {
        if (state.passes() != 0) {
            throw new BadRecipeException("the position is one of another packing");
        }
        draws.seek(state);
    }

    @Override
    double rowsPerStep(long batchTokens) {
        long passes = (batchTokens + microTokens - 1) / microTokens;
        return (double) passes * microTokens;
    }
}
