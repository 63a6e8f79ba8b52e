package org.medley.training.data;

import java.util.ArrayList;
import java.util.List;
import org.medley.training.recipe.BadRecipeException;

/**
 * Weighted datasets drawn from without end. Which dataset a draw goes to depends on the seed and the draw's number alone,
 * and which example on how many were drawn from that dataset before, so that a few numbers are the whole position.
 */
final class Draws {
    private static final long CHOICE = 0x63686f696365L;

    private final List<Stream> streams = new ArrayList<>();
    private final double[] cumulative;
    private final long seed;
    private long drawn;

    /**
     * @param stores beside each source, what of it is drawn
     * @throws BadRecipeException if a weight is none
     */
    Draws(List<Feed.Source> sources, List<FittedStore> stores, long seed) {
        if (sources.isEmpty()) {
            throw new BadRecipeException("there is no dataset to learn from");
        }
        this.seed = seed;
        cumulative = new double[sources.size()];
        double sum = 0;
        for (int i = 0; i < cumulative.length; i++) {
            double weight = sources.get(i).weight();
            if (!(weight > 0 && weight < Double.POSITIVE_INFINITY)) {
                throw new BadRecipeException(
                        "dataset " + sources.get(i).store().name() + ": weight is " + weight + "; it must be above 0");
            }
            sum += weight;
            cumulative[i] = sum;
            streams.add(new Stream(stores.get(i), seed, i));
        }
    }

    /** Which dataset a draw goes to. */
    int dataset(long draw) {
        double at = Mix.unit(seed, CHOICE, draw) * cumulative[cumulative.length - 1];
        int dataset = 0;
        while (dataset < cumulative.length - 1 && cumulative[dataset] <= at) {
            dataset++;
        }
        return dataset;
    }

    /** The dataset of the next draw, which is made by it. */
    Stream next() {
        return streams.get(dataset(drawn++));
    }

    long drawn() {
        return drawn;
    }

    Feed.State position(int passes) {
        return new Feed.State(drawn, streams.stream().map(Stream::cursor).toList(), passes);
    }

    void seek(Feed.State state) {
        if (state.draws() < 0 || state.cursors().size() != streams.size()) {
            throw new BadRecipeException("the position is in " + state.cursors().size() + " datasets and there are "
                    + streams.size() + "; it belongs to another recipe");
        }
        for (int i = 0; i < streams.size(); i++) {
            streams.get(i).seek(state.cursors().get(i));
        }
        drawn = state.draws();
    }
}
