package org.medley.training.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.medley.training.recipe.BadRecipeException;

/** An endless order of pairs or prompts over weighted datasets, any place in which can be gone to at once. */
public final class ExampleOrder {
    private final Draws draws;
    private final List<FittedStore> stores;

    /**
     * A pair or a prompt.
     *
     * @param pieces the pair with its chosen and with its rejected answer; or the prompt alone, of which the last token
     *     is no row
     */
    public record Drawn(List<Piece> pieces) {
        public Drawn {
            pieces = List.copyOf(pieces);
        }
    }

    public ExampleOrder(List<Feed.Source> sources, int sequence, TooLong rule, long seed) {
        stores = new ArrayList<>();
        for (Feed.Source source : sources) {
            stores.add(FittedStore.examples(source.store(), sequence, rule));
        }
        draws = new Draws(sources, stores, seed);
    }

    /** The next that is not passed over; a pair is if one of its answers is too long. */
    public Drawn next() {
        long passedOver = 0;
        while (passedOver
                <= 2 * stores.stream().mapToLong(FittedStore::examples).sum()) {
            List<Piece> pieces = draws.next().nextRecord();
            if (!pieces.isEmpty()) {
                return new Drawn(pieces);
            }
            passedOver++;
        }
        throw new BadRecipeException("no example of the datasets is short enough; raise sequence");
    }

    public Feed.State position() {
        return draws.position(0);
    }

    public void seek(Feed.State state) {
        draws.seek(state);
    }

    /** What people should know of the data: examples that were passed over or cut. */
    public List<String> notices() {
        return stores.stream().map(FittedStore::notice).filter(Objects::nonNull).toList();
    }
}
