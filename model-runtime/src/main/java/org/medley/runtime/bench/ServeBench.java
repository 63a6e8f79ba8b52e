package org.medley.runtime.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.medley.runtime.engine.Engine;
import org.medley.runtime.engine.EngineObserver;
import org.medley.runtime.engine.GrammarConstraint;
import org.medley.runtime.engine.Request;
import org.medley.runtime.engine.SamplingParams;
import org.medley.runtime.engine.TokenListener;
import org.medley.runtime.grammar.Grammar;
import org.medley.runtime.grammar.Syntax;

/**
 * An engine under load. Alone: tokens per second of prompt and of generation, by the clock and by processor time.
 * With many users: requests that arrive by chance, whether or not earlier ones have been answered, and how long each
 * waits for its first token and between the others.
 */
final class ServeBench {
    /** Requests per user in a round of many. */
    private static final int REQUESTS = 4;

    private static final int LEAST_PAIRS = 9;
    private static final double PAIRS_SECONDS = 20;

    private final Engine engine;
    private final Times times;
    private final int prompt;
    private final int generate;
    private final SplittableRandom random = new SplittableRandom(7);

    /** @param times the engine's observer */
    ServeBench(Engine engine, Times times, int prompt, int generate) {
        this.engine = engine;
        this.times = times;
        this.prompt = prompt;
        this.generate = generate;
    }

    /** What the engine tells of its times, nanoseconds. */
    static final class Times implements EngineObserver {
        private final List<Long> first = Collections.synchronizedList(new ArrayList<>());
        private final List<Long> gaps = Collections.synchronizedList(new ArrayList<>());

        @Override
        public void step(StepStats stats) {}

        @Override
        public void token(long sincePrevious) {
            gaps.add(sincePrevious);
        }

        @Override
        public void ended(RequestStats stats) {
            first.add(stats.queued() + stats.prefill());
        }

        void clear() {
            first.clear();
            gaps.clear();
        }
    }

    /** Counts what has ended. */
    private record Ending(CountDownLatch ended, AtomicInteger failed) implements TokenListener {
        @Override
        public void text(String piece, List<Chosen> tokens) {}

        @Override
        public void end(FinishReason reason, Usage usage) {
            ended.countDown();
        }

        @Override
        public void failed(RuntimeException cause) {
            failed.incrementAndGet();
            ended.countDown();
        }
    }

    private void submit(int promptTokens, int tokens, Ending ending) {
        int[] ids = random.ints(promptTokens, 33, 90).toArray();
        SamplingParams params =
                SamplingParams.builder().maxTokens(tokens).ignoreEnd(true).build();
        engine.submit(new Request(ids, params), List.of(ending));
    }

    private double seconds(int promptTokens, int tokens) throws InterruptedException {
        Ending ending = new Ending(new CountDownLatch(1), new AtomicInteger());
        long began = System.nanoTime();
        submit(promptTokens, tokens, ending);
        ending.ended.await();
        return (System.nanoTime() - began) / 1e9;
    }

    /**
     * One request at a time, after a warm-up.
     *
     * @param readBytes bytes per second that the device reads at most
     */
    void alone(double readBytes, ObjectNode out) throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            seconds(prompt, Math.min(generate, 16));
        }
        double promptCpu = Machine.cpuSeconds();
        double promptSeconds = 0;
        int rounds = 3;
        for (int i = 0; i < rounds; i++) {
            promptSeconds += seconds(prompt, 1);
        }
        promptCpu = Machine.cpuSeconds() - promptCpu;
        double cpu = Machine.cpuSeconds();
        double wall = seconds(1, generate);
        cpu = Machine.cpuSeconds() - cpu;
        double moved = (double) engine.weightBytes() * generate / wall;
        ObjectNode node = out.putObject("alone");
        node.put("prompt_tokens_per_s", rounds * prompt / promptSeconds)
                .put("prompt_tokens_per_cpu_s", rounds * prompt / promptCpu)
                .put("generated_tokens_per_s", generate / wall)
                .put("generated_tokens_per_cpu_s", generate / cpu)
                .put("weight_bytes", engine.weightBytes())
                .put("bytes_per_s", moved)
                .put("share_of_read_bandwidth", moved / readBytes);
        System.out.printf(
                Locale.ROOT,
                "prompt     %8.1f tokens/s %8.1f tokens per CPU-second%n",
                rounds * prompt / promptSeconds,
                rounds * prompt / promptCpu);
        System.out.printf(
                Locale.ROOT,
                "generation %8.1f tokens/s %8.1f tokens per CPU-second, %.1f GB/s of weights, %.0f%% of read bandwidth%n",
                generate / wall,
                generate / cpu,
                moved / 1e9,
                100 * moved / readBytes);
    }

    /**
     * What it costs to hold answers to a JSON schema: as many tokens as the schema lets a random choice write, then as
     * many of free text behind the same prompt, in turn; first until the code is compiled and the masks of common places
     * are known, then as long again. Of a machine that others use too the median over such pairs tells more than sums.
     */
    void constrained(String schema, ObjectNode out) throws InterruptedException, ExecutionException {
        long began = System.nanoTime();
        Grammar grammar = Grammar.compile(new Syntax.JsonSchema(schema), engine.grammarVocabulary());
        double compiled = (System.nanoTime() - began) / 1e9;
        Cost first = pairs(grammar, 0);
        Cost later = pairs(grammar, first.pairs);
        System.out.printf(
                Locale.ROOT,
                "held to the schema %.3f ms a token, free %.3f ms, over %d tokens each; median of %d pairs %+.1f%% (%+.1f%% before, %.3f s to compile)%n",
                later.bound * 1e3,
                later.free * 1e3,
                later.tokens,
                later.pairs,
                100 * later.more,
                100 * first.more,
                compiled);
        out.putObject("constrained")
                .put("seconds_per_token", later.bound)
                .put("free_seconds_per_token", later.free)
                .put("more", later.more)
                .put("more_at_first", first.more)
                .put("seconds_to_compile", compiled);
    }

    /**
     * @param bound seconds a token held to the schema
     * @param free seconds a token
     * @param tokens held to the schema
     * @param more median over pairs of the former by the latter, less one
     */
    private record Cost(int pairs, double bound, double free, long tokens, double more) {}

    private Cost pairs(Grammar grammar, int from) throws InterruptedException, ExecutionException {
        double[] seconds = new double[2];
        long[] tokens = new long[2];
        List<Double> ratios = new ArrayList<>();
        while (ratios.size() < LEAST_PAIRS || seconds[0] + seconds[1] < PAIRS_SECONDS) {
            int pairs = ratios.size();
            double[] each = new double[2];
            int[] ids = new SplittableRandom(from + pairs).ints(prompt, 33, 90).toArray();
            // Both orders, lest one kind always comes first after a change of clock or a collection.
            for (int kind : pairs % 2 == 0 ? new int[] {0, 1} : new int[] {1, 0}) {
                SamplingParams params = SamplingParams.builder()
                        .temperature(1)
                        .seed(from + pairs)
                        .maxTokens(generate)
                        .ignoreEnd(kind == 1)
                        .build();
                Request request =
                        new Request(ids, params, "", null, kind == 0 ? () -> new GrammarConstraint(grammar) : null);
                long began = System.nanoTime();
                int made = engine.complete(request).get().usage().completionTokens();
                double spent = (System.nanoTime() - began) / 1e9;
                tokens[kind] += made;
                seconds[kind] += spent;
                each[kind] = spent / made;
            }
            ratios.add(each[0] / each[1]);
        }
        double[] sorted =
                ratios.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return new Cost(sorted.length, seconds[0] / tokens[0], seconds[1] / tokens[1], tokens[0], at(sorted, 0.5) - 1);
    }

    /** Many users: as many requests in flight at the start, then arrivals at the rate at which that start was served. */
    void users(int users, ArrayNode out) throws InterruptedException {
        times.clear();
        int requests = users * REQUESTS;
        CountDownLatch ended = new CountDownLatch(requests);
        Ending ending = new Ending(ended, new AtomicInteger());
        long began = System.nanoTime();
        for (int i = 0; i < users; i++) {
            submit(prompt, generate, ending);
        }
        while (ended.getCount() > requests - Math.max(1, users / 2)) {
            LockSupport.parkNanos(1_000_000);
        }
        double perSecond = (requests - ended.getCount()) / ((System.nanoTime() - began) / 1e9);
        for (int i = users; i < requests; i++) {
            LockSupport.parkNanos((long) (-Math.log(1 - random.nextDouble()) / perSecond * 1e9));
            submit(prompt, generate, ending);
        }
        ended.await();
        double wall = (System.nanoTime() - began) / 1e9;
        int failed = ending.failed.get();
        double tokens = (double) (requests - failed) * generate;
        double[] first = sortedMillis(times.first);
        double[] gaps = sortedMillis(times.gaps);
        System.out.printf(
                Locale.ROOT,
                "%3d users  %8.1f tokens/s  first token %7.1f ms, 99%% %8.1f ms  next token %6.1f ms, 99%% %7.1f ms  %d failed%n",
                users,
                tokens / wall,
                at(first, 0.5),
                at(first, 0.99),
                at(gaps, 0.5),
                at(gaps, 0.99),
                failed);
        out.addObject()
                .put("users", users)
                .put("requests", requests)
                .put("failed", failed)
                .put("generated_tokens_per_s", tokens / wall)
                .put("first_token_ms_p50", at(first, 0.5))
                .put("first_token_ms_p99", at(first, 0.99))
                .put("next_token_ms_p50", at(gaps, 0.5))
                .put("next_token_ms_p99", at(gaps, 0.99));
    }

    private static double[] sortedMillis(List<Long> nanos) {
        return nanos.stream().mapToDouble(n -> n / 1e6).sorted().toArray();
    }

    private static double at(double[] sorted, double quantile) {
        return sorted.length == 0 ? 0 : sorted[(int) Math.min(sorted.length - 1L, (long) (quantile * sorted.length))];
    }
}
