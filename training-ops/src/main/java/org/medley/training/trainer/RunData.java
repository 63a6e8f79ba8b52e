package org.medley.training.trainer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.medley.training.data.Encoder;
import org.medley.training.data.Feed;
import org.medley.training.data.HeldOut;
import org.medley.training.data.Source;
import org.medley.training.data.TokenStore;
import org.medley.training.recipe.BadRecipeException;
import org.medley.training.recipe.DataSection;
import org.medley.training.recipe.TrainRecipe;
import org.medley.training.trainer.Lineage.DatasetUse;
import org.medley.training.trainer.Lineage.DatasetUse.Role;

/** A run's datasets, read and tokenized. */
final class RunData implements AutoCloseable {
    private final TrainRecipe recipe;
    private final Catalog catalog;
    private final RunListener listener;
    private final List<Source> sources = new ArrayList<>();
    private final List<Source> heldOutSources = new ArrayList<>();
    private final List<TokenStore> stores = new ArrayList<>();
    private final List<TokenStore> heldOut = new ArrayList<>();

    /** Finds the datasets; reads nothing of them yet. */
    RunData(TrainRecipe recipe, Catalog catalog, RunListener listener) {
        this.recipe = recipe;
        this.catalog = catalog;
        this.listener = listener;
        recipe.data().forEach(data -> sources.add(source(catalog, data)));
        if (recipe.evaluation() != null) {
            recipe.evaluation().data().forEach(data -> heldOutSources.add(source(catalog, data)));
        }
    }

    private static Source source(Catalog catalog, DataSection data) {
        return Source.of(data.dataset(), catalog.dataset(data.dataset()), data.format());
    }

    List<Source> sources() {
        return sources;
    }

    /** Reads and tokenizes what is not in the cache yet. */
    void read(Encoder encoder, Path cache) throws IOException {
        for (Source source : sources) {
            stores.add(open(source, encoder, cache));
        }
        for (Source source : heldOutSources) {
            TokenStore store = open(source, encoder, cache);
            heldOut.add(store);
            if (stores.stream().anyMatch(trained -> trained.sha256().equals(store.sha256()))) {
                listener.message("dataset " + store.name() + " is trained on as well as measured on: its figures say"
                        + " how well the model remembers, not what it makes of what it never saw");
            }
        }
    }

    private TokenStore open(Source source, Encoder encoder, Path cache) throws IOException {
        long[] told = {System.nanoTime()};
        TokenStore store = TokenStore.open(source, encoder, cache, (done, total) -> {
            if (listener.cancelled()) {
                throw new RunCancelledException(0);
            }
            if (System.nanoTime() - told[0] > 2_000_000_000L) {
                told[0] = System.nanoTime();
                listener.message("reads dataset " + source.name() + ": " + 100 * done / Math.max(1, total) + " %");
            }
        });
        try {
            catalog.check(store.name(), store.sha256());
        } catch (BadRecipeException e) {
            store.close();
            throw e;
        }
        listener.message(
                "dataset " + store.name() + ": " + store.records() + (store.records() == 1 ? " record, " : " records, ")
                        + store.tokens() + " tokens, " + store.learned() + " of them learned");
        return store;
    }

    /** What the lineage says of the data. */
    List<DatasetUse> uses() {
        return Stream.concat(
                        stores.stream().map(store -> use(Role.data, store)),
                        heldOut.stream().map(store -> use(Role.evaluation, store)))
                .toList();
    }

    private static DatasetUse use(Role role, TokenStore store) {
        return new DatasetUse(role, store.name(), store.sha256(), store.records(), store.tokens());
    }

    /** Of all that decides a run's curves. */
    List<String> hashes() {
        return uses().stream().map(DatasetUse::sha256).toList();
    }

    List<TokenStore> stores() {
        return stores;
    }

    List<TokenStore> heldOutStores() {
        return heldOut;
    }

    List<Feed.Source> weighted() {
        List<Feed.Source> weighted = new ArrayList<>();
        for (int i = 0; i < stores.size(); i++) {
            weighted.add(new Feed.Source(stores.get(i), recipe.data().get(i).weight()));
        }
        return weighted;
    }

    Feed feed() {
        Feed feed = recipe.stage() == TrainRecipe.Stage.pretrain
                ? Feed.windows(weighted(), recipe.sequence(), recipe.microTokens(), recipe.seed())
                : Feed.examples(weighted(), recipe.sequence(), recipe.tooLong(), recipe.microTokens(), recipe.seed());
        feed.notices().forEach(listener::message);
        return feed;
    }

    /** Null if nothing is measured. */
    HeldOut heldOut() {
        if (recipe.evaluation() == null) {
            return null;
        }
        int most = recipe.evaluation().examples();
        return recipe.stage() == TrainRecipe.Stage.pretrain
                ? HeldOut.windows(heldOut, most, recipe.sequence(), recipe.microTokens())
                : new HeldOut(heldOut, most, recipe.sequence(), recipe.tooLong(), recipe.microTokens());
    }

    @Override
    public void close() {
        stores.forEach(TokenStore::close);
        heldOut.forEach(TokenStore::close);
    }
}
