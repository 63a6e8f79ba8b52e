package org.medley.training.trainer;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medley.training.data.ExampleOrder;
import org.medley.training.data.Piece;
import org.medley.training.data.TokenStore;
import org.medley.training.data.TooLong;
import org.medley.training.recipe.ReinforceSection;
import org.medley.training.recipe.TrainRecipe;

/** Makes a run's objective from its recipe. */
record Objectives(
        TrainRecipe recipe, RunData data, Start start, Catalog catalog, Path work, RunListener listener, Arena arena) {
    /** How many steps a recipe's epochs are. */
    static int steps(TrainRecipe recipe, RunData data) {
        long steps = recipe.stage() == TrainRecipe.Stage.reinforce
                ? (long) Math.ceil(recipe.epochs()
                        * data.stores().stream().mapToLong(TokenStore::records).sum()
                        / recipe.reinforce().pairs())
                : data.feed().steps(recipe.epochs(), recipe.batchTokens());
        return Math.toIntExact(Math.max(1, steps));
    }

    Objective of(Student student) throws IOException {
        int workers = recipe.exchange().workers();
        if (recipe.stage() != TrainRecipe.Stage.reinforce) {
            return new LanguageObjective(student, data.feed(), data.heldOut(), recipe.batchTokens(), workers);
        }
        return recipe.reinforce().fromPairs() ? fromPairs(student, workers) : fromAnswers(student, workers);
    }

    private ExampleOrder order() {
        return new ExampleOrder(data.weighted(), recipe.sequence(), recipe.tooLong(), recipe.seed());
    }

    private Objective fromAnswers(Student student, int workers) {
        ReinforceSection settings = recipe.reinforce();
        Served served = new Served(
                student,
                start,
                recipe.precision().precision(),
                settings.engine().precision(),
                recipe.seed(),
                recipe.sequence(),
                arena);
        return new AnswerObjective(
                student,
                Tempered.of(student.network(), settings.temperature()),
                settings,
                order(),
                new Rollouts(start.text(), served, settings.temperature(), recipe.sequence()),
                new Judges(settings.rewards(), catalog),
                data.heldOutStores(),
                recipe.evaluation() == null ? 0 : recipe.evaluation().examples(),
                recipe.microTokens(),
                workers,
                recipe.seed());
    }

    private Objective fromPairs(Student student, int workers) throws IOException {
        ReinforceSection settings = recipe.reinforce();
        List<PairObjective.Pair> heldOut = heldOutPairs();
        ExampleOrder order = order();
        order.notices().forEach(listener::message);
        Map<String, PairObjective.Pair> needed = new LinkedHashMap<>();
        for (long i = 0; i < (long) recipe.steps() * Math.max(settings.pairs(), workers); i++) {
            PairObjective.Pair pair = PairObjective.Pair.of(order.next());
            needed.putIfAbsent(
                    pair.better().store().sha256() + ":" + pair.better().example(), pair);
        }
        List<PairObjective.Pair> all = new ArrayList<>(needed.values());
        all.addAll(heldOut);
        References references = References.of(
                work.resolve("references.json"),
                student,
                all,
                settings.method() == ReinforceSection.Method.ipo,
                recipe.microTokens(),
                listener);
        return new PairObjective(student, settings, order(), references, heldOut, recipe.microTokens(), workers);
    }

    /** The first of each held-out dataset that are short enough. */
    private List<PairObjective.Pair> heldOutPairs() {
        List<PairObjective.Pair> pairs = new ArrayList<>();
        for (TokenStore store : data.heldOutStores()) {
            long most = Math.min(recipe.evaluation().examples(), store.records());
            for (long i = 0; i < most; i++) {
                if (fits(store, 2 * i) && fits(store, 2 * i + 1)) {
                    pairs.add(new PairObjective.Pair(Piece.of(store, 2 * i), Piece.of(store, 2 * i + 1)));
                }
            }
        }
        return pairs;
    }

    private boolean fits(TokenStore store, long example) {
        return recipe.tooLong() == TooLong.cut || store.length(example) <= recipe.sequence();
    }
}
