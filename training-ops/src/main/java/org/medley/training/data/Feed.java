package org.medley.training.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.medley.training.recipe.BadRecipeException;

/**
 * An endless order of packed passes over weighted datasets. It depends on the seed and the data alone, and any place in
 * it is a small {@link State} that can be gone to at once.
 */
public abstract sealed class Feed permits WindowFeed, ExampleFeed {
    final int sequence;
    final int microTokens;
    final Draws draws;
    private final List<FittedStore> stores;

    /**
     * A dataset and its share.
     *
     * @param weight relative to the other datasets': a share of the tokens in windows, of the examples otherwise
     */
    public record Source(TokenStore store, double weight) {}

    /**
     * A place in one dataset.
     *
     * @param done records given to their end, over all epochs
     * @param row rows given of the one behind them
     */
    public record Cursor(long done, long row) {}

    /**
     * A place in the order.
     *
     * @param draws how often a dataset was chosen
     * @param cursors where each dataset is
     * @param passes how many passes made of the draws behind these were given already
     */
    public record State(long draws, List<Cursor> cursors, int passes) {
        public State {
            cursors = List.copyOf(cursors);
        }
    }

    Feed(List<Source> sources, List<FittedStore> stores, int sequence, int microTokens, long seed) {
        if (sequence < 1 || microTokens < sequence) {
            throw new IllegalArgumentException(
                    "passes of " + microTokens + " tokens in sequences of " + sequence + " are not possible");
        }
        this.sequence = sequence;
        this.microTokens = microTokens;
        this.stores = stores;
        this.draws = new Draws(sources, stores, seed);
    }

    /**
     * For pre-training: documents laid end to end and cut into passes of exactly {@code microTokens} rows, in sequences
     * of at most {@code sequence}. The last token before a cut still predicts the one behind it.
     */
    public static Feed windows(List<Source> sources, int sequence, int microTokens, long seed) {
        List<FittedStore> stores = new ArrayList<>();
        for (Source source : sources) {
            stores.add(FittedStore.documents(learnable(source.store())));
        }
        return new WindowFeed(sources, stores, sequence, microTokens, seed);
    }

    /**
     * For fine-tuning: whole examples of like length beside each other in passes of at most {@code microTokens} rows.
     * Documents of text are the exception: one longer than a sequence is several examples.
     */
    public static Feed examples(List<Source> sources, int sequence, TooLong rule, int microTokens, long seed) {
        List<FittedStore> stores = new ArrayList<>();
        for (Source source : sources) {
            stores.add(fitted(learnable(source.store()), sequence, rule));
        }
        return new ExampleFeed(sources, stores, sequence, microTokens, seed);
    }

    static FittedStore fitted(TokenStore store, int sequence, TooLong rule) {
        return store.format() == Format.text
                ? FittedStore.documents(store)
                : FittedStore.examples(store, sequence, rule);
    }

    private static TokenStore learnable(TokenStore store) {
        if (store.format() == Format.pairs || store.format() == Format.prompts) {
            throw new BadRecipeException("dataset " + store.name() + " holds " + store.format()
                    + ", which are not learned as texts are; text, chat and tokens are");
        }
        return store;
    }

    /** The next pass in which something is learned. */
    public final Packed next() {
        long without = 0;
        while (without <= 2 * rows() + microTokens) {
            Packed pass = Packed.of(nextPass());
            if (pass.targets().length > 0) {
                return pass;
            }
            without += pass.batch().rows();
        }
        throw new BadRecipeException("nothing is learned in sequences of " + sequence
                + " tokens: what the datasets mark as learned comes later in each example; raise sequence");
    }

    abstract List<Piece> nextPass();

    /** Where the next pass is. */
    public abstract State position();

    /**
     * Goes to a position that a feed of the same datasets, limits and seed was at.
     *
     * @throws BadRecipeException if it cannot be one
     */
    public abstract void seek(State state);

    /** Rows of all datasets together. */
    public final long rows() {
        return stores.stream().mapToLong(FittedStore::rows).sum();
    }

    /**
     * How many steps it takes until as many tokens were learned from as the datasets hold together, so many times.
     *
     * @param batchTokens a step takes passes until it has so many rows
     */
    public final long steps(double epochs, long batchTokens) {
        return Math.max(1, (long) Math.ceil(epochs * rows() / rowsPerStep(batchTokens)));
    }

    abstract double rowsPerStep(long batchTokens);

    /** What people should know of the data: examples that were passed over or cut. */
    public final List<String> notices() {
        return stores.stream().map(FittedStore::notice).filter(Objects::nonNull).toList();
    }
}
