package org.medley.runtime.grammar;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Compiled grammars by what was asked and the vocabulary; those not used for longest are forgotten. For any thread. */
public final class GrammarCache {
    private final int most;
    private final Limits limits;
    private final Map<Key, CompletableFuture<Grammar>> grammars = new LinkedHashMap<>(16, 0.75f, true);

    private record Key(Syntax syntax, String vocabulary) {}

    /** @param most grammars to keep; each may take some tens of megabytes for its masks */
    public GrammarCache(int most, Limits limits) {
        if (most < 1) {
            throw new IllegalArgumentException("a cache keeps at least one grammar, not " + most);
        }
        this.most = most;
        this.limits = limits;
    }

    /**
     * Those who ask for the same while it is compiled wait for the one compilation. A refusal is not kept.
     *
     * @throws GrammarException as {@link Grammar#compile}
     */
    public Grammar get(Syntax syntax, Vocabulary vocabulary) {
        Key key = new Key(syntax, vocabulary.identity());
        CompletableFuture<Grammar> mine = new CompletableFuture<>();
        CompletableFuture<Grammar> shared;
        synchronized (grammars) {
            shared = grammars.putIfAbsent(key, mine);
            if (shared == null && grammars.size() > most) {
                grammars.remove(grammars.keySet().iterator().next());
            }
        }
        if (shared != null) {
            try {
                return shared.join();
            } catch (CompletionException e) {
                throw e.getCause() instanceof RuntimeException refusal ? refusal : e;
            }
        }
        try {
            Grammar grammar = Grammar.compile(syntax, vocabulary, limits);
            mine.complete(grammar);
            return grammar;
        } catch (RuntimeException | Error e) {
            synchronized (grammars) {
                grammars.remove(key, mine);
            }
            mine.completeExceptionally(e);
            throw e;
        }
    }

    public int size() {
        synchronized (grammars) {
            return grammars.size();
        }
    }
}
