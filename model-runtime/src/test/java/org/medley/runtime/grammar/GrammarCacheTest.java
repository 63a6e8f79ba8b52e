package org.medley.runtime.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class GrammarCacheTest {
    private static final Vocabulary VOCABULARY = AwkwardVocabulary.of(1, 900);

    private static Syntax integer(int min) {
        return new Syntax.JsonSchema("{\"type\": \"integer\", \"minimum\": " + min + "}");
    }

    @Test
    void aGrammarIsCompiledOnceHoweverItIsSpacedAndForgottenWhenLongUnused() {
        GrammarCache cache = new GrammarCache(2, Limits.DEFAULT);
        Grammar one = cache.get(integer(1), VOCABULARY);
        assertThat(cache.get(new Syntax.JsonSchema("{\"type\":\"integer\",\n\"minimum\":1}"), VOCABULARY))
                .isSameAs(one);
        assertThat(cache.get(integer(1), AwkwardVocabulary.of(1, 900))).isSameAs(one);
        assertThat(cache.get(integer(1), AwkwardVocabulary.of(2, 900))).isNotSameAs(one);
        assertThat(cache.get(integer(1), VOCABULARY)).isSameAs(one);
        cache.get(integer(2), VOCABULARY);
        assertThat(cache.size()).isEqualTo(2);
        assertThat(cache.get(integer(1), VOCABULARY)).isSameAs(one);
        cache.get(integer(3), VOCABULARY);
        cache.get(integer(4), VOCABULARY);
        assertThat(cache.get(integer(1), VOCABULARY)).isNotSameAs(one);
        assertThatThrownBy(() -> new GrammarCache(0, Limits.DEFAULT)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aRefusalIsGivenToEveryoneAndNotKept() {
        GrammarCache cache = new GrammarCache(2, Limits.DEFAULT);
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> cache.get(new Syntax.JsonSchema("{\"not\":{}}"), VOCABULARY))
                    .isInstanceOf(GrammarException.class)
                    .hasMessage("#/not: 'not' is not supported");
            assertThat(cache.size()).isZero();
        }
    }

    @Test
    void manySequencesShareOneGrammarAndItsMasks() throws InterruptedException, ExecutionException {
        GrammarCache cache = new GrammarCache(4, Limits.DEFAULT);
        Syntax syntax = new Syntax.JsonSchema(
                "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"maxLength\":9},\"b\":{}}}");
        Set<Grammar> grammars = Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));
        CountDownLatch start = new CountDownLatch(1);
        List<Future<List<String>>> texts = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            for (int i = 0; i < 8; i++) {
                texts.add(threads.submit(() -> {
                    start.await();
                    Grammar grammar = cache.get(syntax, VOCABULARY);
                    grammars.add(grammar);
                    return texts(grammar);
                }));
            }
            start.countDown();
            List<String> alone = texts(Grammar.compile(syntax, VOCABULARY));
            for (Future<List<String>> each : texts) {
                assertThat(each.get()).isEqualTo(alone);
            }
        }
        assertThat(grammars).hasSize(1);
    }

    private static List<String> texts(Grammar grammar) {
        List<String> texts = new ArrayList<>();
        for (long seed = 0; seed < 40; seed++) {
            texts.add(new RandomModel(VOCABULARY, new java.util.SplittableRandom(seed)).write(grammar, 20));
        }
        return texts;
    }
}
