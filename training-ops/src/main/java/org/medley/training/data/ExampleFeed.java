package org.medley.training.data;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.medley.training.recipe.BadRecipeException;

/**
 * Whole examples in passes of at most {@code microTokens} rows. Draws are taken in pools; a pool's examples are packed,
 * the longest first, each into the first pass with room (first-fit decreasing), and its passes come in an order of their
 * own, so that lengths are not sorted over the steps.
 */
final class ExampleFeed extends Feed {
    private static final int POOL = 4096;
    private static final int SAMPLED_POOLS = 16;
    private static final long ORDER = 0x6f72646572L;

    private final List<Source> sources;
    private final List<FittedStore> stores;
    private final long seed;
    /** Draws of a pool; no more than an epoch has, so that no example is beside itself. */
    private final int poolSize;

    /** Where the pool begins. */
    private State start;

    private List<List<Piece>> pool = List.of();
    private int given;

    ExampleFeed(List<Source> sources, List<FittedStore> stores, int sequence, int microTokens, long seed) {
        super(sources, stores, sequence, microTokens, seed);
        this.sources = sources;
        this.stores = stores;
        this.seed = seed;
        long perEpoch = stores.stream()
                .mapToLong(store -> Math.max(store.examples(), store.rows() / sequence))
                .sum();
        poolSize = (int) Math.min(POOL, perEpoch);
        start = draws.position(0);
    }

    @Override
    List<Piece> nextPass() {
        while (given == pool.size()) {
            fill();
        }
        return pool.get(given++);
    }

    private void fill() {
        start = draws.position(0);
        given = 0;
        List<Piece> drawn = new ArrayList<>();
        for (int i = 0; i < poolSize; i++) {
            Piece piece = draws.next().next(sequence);
            if (piece != null) {
                drawn.add(piece);
            }
        }
        drawn.sort(Comparator.comparingInt(Piece::rows).reversed());
        List<List<Piece>> packed = packed(drawn);
        pool = new ArrayList<>();
        if (!packed.isEmpty()) {
            Permutation order = Permutation.of(packed.size(), seed, ORDER, start.draws());
            for (int i = 0; i < packed.size(); i++) {
                pool.add(packed.get((int) order.at(i)));
            }
        }
    }

    private List<List<Piece>> packed(List<Piece> longestFirst) {
        List<List<Piece>> passes = new ArrayList<>();
        int[] room = new int[longestFirst.size()];
        for (Piece piece : longestFirst) {
            int pass = 0;
            while (pass < passes.size() && room[pass] < piece.rows()) {
                pass++;
            }
            if (pass == passes.size()) {
                passes.add(new ArrayList<>());
                room[pass] = microTokens;
            }
            passes.get(pass).add(piece);
            room[pass] -= piece.rows();
        }
        return passes;
    }

    @Override
    public State position() {
        return given == pool.size() ? draws.position(0) : new State(start.draws(), start.cursors(), given);
    }

    @Override
    public void seek(State state) {
        draws.seek(state);
        pool = List.of();
        given = 0;
        start = draws.position(0);
        if (state.passes() == 0) {
            return;
        }
        fill();
        if (state.passes() < 0 || state.passes() >= pool.size()) {
            throw new BadRecipeException("pass " + state.passes() + " is not among the " + pool.size()
                    + " of its place; the position belongs to other data or another recipe");
        }
        given = state.passes();
    }

    /** The mean over the first pools; packing makes the others much alike. */
    @Override
    double rowsPerStep(long batchTokens) {
        ExampleFeed sample = new ExampleFeed(sources, stores, sequence, microTokens, seed);
        long steps = 0;
        long rows = 0;
        long step = 0;
        while (steps == 0 || rows < rows() && sample.draws.drawn() < (long) SAMPLED_POOLS * poolSize) {
            for (Piece piece : sample.nextPass()) {
                step += piece.rows();
            }
            if (step >= batchTokens) {
                steps++;
                rows += step;
                step = 0;
            }
        }
        return (double) rows / steps;
    }
}
