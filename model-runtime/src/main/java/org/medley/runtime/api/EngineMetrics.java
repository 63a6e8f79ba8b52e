package org.medley.runtime.api;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.medley.runtime.engine.EncoderEngine;
import org.medley.runtime.engine.EngineObserver;

/**
 * What engines do, for Prometheus: under names of our own, and under those of vLLM with the same meaning, so that boards
 * and gateways made for it work unchanged.
 */
@ApplicationScoped
class EngineMetrics {
    private static final double[] SECONDS = {
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160
    };
    private static final double[] TOKENS = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000};
    private static final double[] PASS_TOKENS = {1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384};

    private final MeterRegistry registry;
    private final Map<String, Observer> observers = new ConcurrentHashMap<>();

    EngineMetrics(MeterRegistry registry) {
        this.registry = registry;
    }

    /** The observer of a model's engine; a later engine of the same name goes on where the last one stopped. */
    EngineObserver observer(String model) {
        return observers.computeIfAbsent(model, name -> new Observer(registry, name));
    }

    /** The same for an encoder. */
    EncoderEngine.PassObserver encoder(String model) {
        Tags tags = Tags.of("model_name", model);
        Counter texts = registry.counter("medley.encoder.texts", tags);
        DistributionSummary tokens = DistributionSummary.builder("medley.encoder.pass.tokens")
                .tags(tags)
                .register(registry);
        DistributionSummary seconds = DistributionSummary.builder("medley.encoder.pass.seconds")
                .tags(tags)
                .register(registry);
        return (count, rows, nanos) -> {
            texts.increment(count);
            tokens.record(rows);
            seconds.record(nanos / 1e9);
        };
    }

    private static final class Observer implements EngineObserver {
        private final MeterRegistry registry;
        private final Tags tags;
        private final Counter promptTokens;
        private final Counter generatedTokens;
        private final Counter cachedTokens;
        private final Counter cacheQueries;
        private final Counter preemptions;
        private final Counter drafted;
        private final Counter accepted;
        private final DistributionSummary passTokens;
        private final DistributionSummary passSeconds;
        private final DistributionSummary firstToken;
        private final DistributionSummary nextToken;
        private final DistributionSummary whole;
        private final DistributionSummary queued;
        private final DistributionSummary prefill;
        private final DistributionSummary decode;
        private final DistributionSummary requestPrompt;
        private final DistributionSummary requestGenerated;
        private final DistributionSummary requestLimit;
        private volatile StepStats last = new StepStats(0, 0, 0, 1, 0, 0, 0, 0, 0);

        Observer(MeterRegistry registry, String model) {
            this.registry = registry;
            this.tags = Tags.of("model_name", model, "engine", "0");
            gauge("vllm:num_requests_running", "medley.engine.running", () -> last.running());
            gauge("vllm:num_requests_waiting", "medley.engine.waiting", () -> last.waiting());
            gauge(
                    "vllm:kv_cache_usage_perc",
                    "medley.engine.cache.used",
                    () -> (double) last.usedPages() / last.pages());
            promptTokens = counter("vllm:prompt_tokens");
            generatedTokens = counter("vllm:generation_tokens");
            cachedTokens = counter("vllm:prefix_cache_hits");
            cacheQueries = counter("vllm:prefix_cache_queries");
            preemptions = counter("vllm:num_preemptions");
            drafted = counter("vllm:spec_decode_num_draft_tokens");
            accepted = counter("vllm:spec_decode_num_accepted_tokens");
            passSeconds = DistributionSummary.builder("medley.engine.pass.seconds")
                    .tags(tags)
                    .register(registry);
            passTokens = summary("vllm:iteration_tokens_total", PASS_TOKENS);
            firstToken = summary("vllm:time_to_first_token_seconds", SECONDS);
            nextToken = summary("vllm:inter_token_latency_seconds", SECONDS);
            whole = summary("vllm:e2e_request_latency_seconds", SECONDS);
            queued = summary("vllm:request_queue_time_seconds", SECONDS);
            prefill = summary("vllm:request_prefill_time_seconds", SECONDS);
            decode = summary("vllm:request_decode_time_seconds", SECONDS);
            requestPrompt = summary("vllm:request_prompt_tokens", TOKENS);
            requestGenerated = summary("vllm:request_generation_tokens", TOKENS);
            requestLimit = summary("vllm:request_max_num_generation_tokens", TOKENS);
        }

        private void gauge(String name, String own, java.util.function.Supplier<Number> value) {
            Gauge.builder(name, value).tags(tags).register(registry);
            Gauge.builder(own, value).tags(tags).register(registry);
        }

        private Counter counter(String name) {
            return Counter.builder(name).tags(tags).register(registry);
        }

        private DistributionSummary summary(String name, double[] buckets) {
            return DistributionSummary.builder(name)
                    .tags(tags)
                    .serviceLevelObjectives(buckets)
                    .register(registry);
        }

        @Override
        public void step(StepStats stats) {
            last = stats;
            passTokens.record(stats.tokens());
            preemptions.increment(stats.preempted());
            drafted.increment(stats.drafted());
            accepted.increment(stats.accepted());
            passSeconds.record(stats.nanos() / 1e9);
        }

        @Override
        public void token(long sincePrevious) {
            nextToken.record(sincePrevious / 1e9);
        }

        @Override
        public void ended(RequestStats stats) {
            promptTokens.increment(stats.promptTokens());
            generatedTokens.increment(stats.generatedTokens());
            cacheQueries.increment(stats.promptTokens());
            cachedTokens.increment(stats.cachedTokens());
            requestPrompt.record(stats.promptTokens());
            requestGenerated.record(stats.generatedTokens());
            requestLimit.record(stats.maxTokens());
            queued.record(stats.queued() / 1e9);
            prefill.record(stats.prefill() / 1e9);
            decode.record(stats.decode() / 1e9);
            firstToken.record((stats.queued() + stats.prefill()) / 1e9);
            whole.record((stats.queued() + stats.prefill() + stats.decode()) / 1e9);
            String reason = stats.reason().name().equals("cancelled")
                    ? "abort"
                    : stats.reason().name();
            Counter.builder("vllm:request_success")
                    .tags(tags.and("finished_reason", reason))
                    .register(registry)
                    .increment();
            Counter.builder("medley.engine.requests")
                    .tags(tags.and("reason", stats.reason().name()))
                    .register(registry)
                    .increment();
        }
    }
}
