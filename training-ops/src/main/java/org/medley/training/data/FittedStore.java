package org.medley.training.data;

import org.medley.training.recipe.BadRecipeException;

/** A store through the limit that a run sets to the length of its examples. */
final class FittedStore {
    private final TokenStore store;
    private final long most;
    private final TooLong rule;
    private final long tooLong;
    private final long rows;

    private FittedStore(TokenStore store, long most, TooLong rule, long tooLong, long rows) {
        this.store = store;
        this.most = most;
        this.rule = rule;
        this.tooLong = tooLong;
        this.rows = rows;
    }

    /** Documents without a limit: they are cut where a sequence ends, and go on in the next. */
    static FittedStore documents(TokenStore store) {
        return new FittedStore(store, Long.MAX_VALUE, TooLong.cut, 0, store.tokens() - store.examples());
    }

    /**
     * Looks at all lengths if some are too long.
     *
     * @param sequence tokens of the longest example that is taken whole
     * @throws BadRecipeException if the rule says so, with the first that is too long; or if nothing is left
     */
    static FittedStore examples(TokenStore store, int sequence, TooLong rule) {
        long rows = store.tokens() - store.examples();
        if (store.longest() <= sequence) {
            return new FittedStore(store, sequence, rule, 0, rows);
        }
        long first = -1;
        long tooLong = 0;
        for (long example = 0; example < store.examples(); example++) {
            long length = store.length(example);
            if (length > sequence) {
                first = first < 0 ? example : first;
                tooLong++;
                rows -= rule == TooLong.cut ? length - sequence : length - 1;
            }
        }
        if (rule == TooLong.refuse) {
            throw store.place(first)
                    .refuse("the example is " + store.length(first) + " tokens long; the recipe's sequence allows "
                            + sequence + ". " + count(tooLong, store)
                            + " are longer; set sequence to at least " + store.longest()
                            + " or let the longer ones be dropped or cut");
        }
        if (rule == TooLong.cut && store.format() == Format.prompts) {
            throw store.place(first)
                    .refuse("the prompt is " + store.length(first) + " tokens long; the recipe's sequence allows "
                            + sequence + ", and a prompt without its end asks nothing. Set sequence to at least "
                            + store.longest() + " or let longer prompts be dropped");
        }
        if (rule == TooLong.drop && tooLong == store.examples()) {
            throw new BadRecipeException("dataset " + store.name() + ": all examples are longer than the recipe's"
                    + " sequence, " + sequence + " tokens; the longest has " + store.longest());
        }
        return new FittedStore(store, sequence, rule, tooLong, rows);
    }

    private static String count(long some, TokenStore store) {
        return some + " of the dataset's " + store.examples() + " examples";
    }

    TokenStore store() {
        return store;
    }

    long examples() {
        return store.examples();
    }

    /** Rows of all examples together: each token but an example's last is one. */
    long rows() {
        return rows;
    }

    /** Rows of one example, 0 if it is passed over. */
    long rows(long example) {
        long length = store.length(example);
        if (length > most && rule == TooLong.drop) {
            return 0;
        }
        return Math.min(length, most) - 1;
    }

    /** What people should know, or null. */
    String notice() {
        return tooLong == 0
                ? null
                : "dataset " + store.name() + ": " + count(tooLong, store) + " are longer than " + most + " tokens and "
                        + (rule == TooLong.drop ? "passed over" : "cut there");
    }
}
