package org.medley.runtime.engine;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.medley.runtime.engine.TokenListener.FinishReason;
import org.medley.runtime.engine.TokenListener.Usage;
import org.medley.runtime.network.Decoder;
import org.medley.runtime.network.DecoderLoader;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.CpuOps;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.KvCache;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.Workspace;
import org.medley.runtime.text.ChatTemplate;
import org.medley.runtime.text.StreamDecoder;
import org.medley.runtime.text.Tokenizer;
import org.medley.runtime.weights.ModelSource;

/**
 * Serves one model to many callers: every step runs the next token of all running sequences, and the prompts of newly
 * admitted ones, in one batch on one thread of its own. A sequence's cache is allocated when it is admitted and freed
 * when it ends.
 */
public final class Engine implements AutoCloseable {
    /**
     * @param sequences most sequences that run at once
     * @param waiting most requests that wait; more are refused
     * @param stepTokens most tokens of one step, unless a single prompt is longer
     */
    public record Limits(int sequences, int waiting, int stepTokens) {
        public static final Limits DEFAULT = new Limits(16, 256, 2048);
    }

    private final String name;
    private final Arena arena;
    private final Decoder decoder;
    private final Tokenizer tokenizer;
    private final ChatTemplate template;
    private final Limits limits;
    private final BlockingQueue<Sequence> arrivals;
    private final Thread thread;
    private volatile boolean closing;

    /** Loads the model and starts its thread. */
    public Engine(String name, ModelSource model, int context, DType format, Limits limits) {
        this.name = name;
        this.limits = limits;
        this.arrivals = new LinkedBlockingQueue<>(limits.waiting());
        this.template = ChatTemplate.of(model);
        this.arena = Arena.ofShared();
        try {
            this.decoder = DecoderLoader.load(model, arena, context, format);
            this.tokenizer = new Tokenizer(model);
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
        this.thread = Thread.ofPlatform().name("medley-engine-" + name).daemon().start(this::serve);
    }

    public String name() {
        return name;
    }

    public Tokenizer tokenizer() {
        return tokenizer;
    }

    public ChatTemplate template() {
        return template;
    }

    /** Longest sequence, prompt and answer together. */
    public int context() {
        return decoder.context();
    }

    /** A request under way. */
    public interface Generation {
        /** Ends it at the next step; harmless when it has ended. */
        void cancel();
    }

    /**
     * Takes a request.
     *
     * @throws IllegalArgumentException if the prompt is empty or leaves no room for an answer
     * @throws EngineBusyException if too many requests wait
     */
    public Generation submit(int[] prompt, SamplingParams params, TokenListener listener) {
        if (prompt.length == 0) {
            throw new IllegalArgumentException("the prompt is empty");
        }
        if (prompt.length >= context()) {
            throw new IllegalArgumentException("the prompt has " + prompt.length + " tokens; model " + name
                    + " takes at most " + (context() - 1) + " and needs room for an answer");
        }
        if (closing) {
            throw new EngineBusyException(name, arrivals.size());
        }
        Sequence sequence = new Sequence(prompt, params, listener);
        if (!arrivals.offer(sequence)) {
            throw new EngineBusyException(name, limits.waiting());
        }
        return sequence;
    }

    /** A whole answer. */
    public record Completion(String text, FinishReason reason, Usage usage) {}

    /** Takes a request of which only the end matters; refuses like {@link #submit}. */
    public CompletableFuture<Completion> complete(int[] prompt, SamplingParams params) {
        CompletableFuture<Completion> answer = new CompletableFuture<>();
        StringBuilder text = new StringBuilder();
        submit(prompt, params, new TokenListener() {
            @Override
            public void text(String piece) {
                text.append(piece);
            }

            @Override
            public void end(FinishReason reason, Usage usage) {
                answer.complete(new Completion(text.toString(), reason, usage));
            }

            @Override
            public void failed(RuntimeException cause) {
                answer.completeExceptionally(cause);
            }
        });
        return answer;
    }

    private final class Sequence implements Generation {
        private final int[] prompt;
        private final SamplingParams params;
        private final TokenListener listener;
        private final Sampler sampler;
        private final StreamDecoder stream = new StreamDecoder(tokenizer);
        private final StopText stop;
        private final int budget;
        private volatile boolean cancelled;
        private KvCache cache;
        private int next;
        private int generated;

        Sequence(int[] prompt, SamplingParams params, TokenListener listener) {
            this.prompt = prompt;
            this.params = params;
            this.listener = listener;
            this.sampler = new Sampler(params, prompt);
            this.stop = new StopText(params.stop());
            this.budget = Math.min(params.maxTokens(), context() - prompt.length);
        }

        @Override
        public void cancel() {
            cancelled = true;
        }

        int pending() {
            return cache == null ? prompt.length : 1;
        }

        /** Hears the logits behind its last token; true when it has ended. */
        boolean accept(float[] logits) {
            next = sampler.next(logits);
            generated++;
            if (decoder.config().endTokens().contains(next)) {
                return end(FinishReason.stop);
            }
            say(stop.accept(stream.next(next)));
            if (stop.stopped()) {
                return end(FinishReason.stop);
            }
            return generated == budget && end(FinishReason.length);
        }

        boolean end(FinishReason reason) {
            say(stop.accept(stream.rest()));
            say(stop.rest());
            listener.end(reason, new Usage(prompt.length, generated));
            return true;
        }

        private void say(String text) {
            if (!text.isEmpty()) {
                listener.text(text);
            }
        }
    }

    private void serve() {
        List<Sequence> active = new ArrayList<>();
        try (Workspace workspace = new Workspace()) {
            CpuOps ops = new CpuOps(workspace);
            while (!closing || !active.isEmpty()) {
                admit(active);
                if (!active.isEmpty()) {
                    step(active, ops, workspace);
                }
            }
        } catch (InterruptedException e) {
            // close() interrupts; what still runs is ended below
        }
        active.addAll(arrivals);
        active.forEach(sequence -> {
            sequence.end(FinishReason.cancelled);
            free(sequence);
        });
    }

    private void admit(List<Sequence> active) throws InterruptedException {
        active.removeIf(sequence -> {
            if (sequence.cancelled) {
                sequence.end(FinishReason.cancelled);
                free(sequence);
            }
            return sequence.cancelled;
        });
        if (active.isEmpty()) {
            Sequence first = arrivals.poll(200, TimeUnit.MILLISECONDS);
            if (first == null) {
                return;
            }
            active.add(first);
        }
        int tokens = active.stream().mapToInt(Sequence::pending).sum();
        while (active.size() < limits.sequences()) {
            Sequence waiting = arrivals.peek();
            if (waiting == null || tokens + waiting.prompt.length > limits.stepTokens()) {
                return;
            }
            active.add(arrivals.take());
            tokens += waiting.prompt.length;
        }
    }

    private void step(List<Sequence> active, CpuOps ops, Workspace workspace) {
        try {
            workspace.reset();
            int rows = active.stream().mapToInt(Sequence::pending).sum();
            int[] tokens = new int[rows];
            int[] positions = new int[rows];
            int[] last = new int[active.size()];
            List<Batch.Span> spans = new ArrayList<>();
            int row = 0;
            for (int i = 0; i < last.length; i++) {
                Sequence sequence = active.get(i);
                int count = sequence.pending();
                if (sequence.cache == null) {
                    System.arraycopy(sequence.prompt, 0, tokens, row, count);
                    sequence.cache = cache(sequence.prompt.length + sequence.budget);
                } else {
                    tokens[row] = sequence.next;
                }
                for (int j = 0; j < count; j++) {
                    positions[row + j] = sequence.cache.length() + j;
                }
                spans.add(new Batch.Span(row, count, sequence.cache));
                row += count;
                last[i] = row - 1;
            }
            Tensor logits = decoder.logits(ops, new Batch(tokens, positions, spans), last);
            for (Batch.Span span : spans) {
                span.cache().advance(span.rows());
            }
            List<Sequence> ended = new ArrayList<>();
            for (int i = 0; i < last.length; i++) {
                if (active.get(i).accept(logits.slice(i, 1).toArray())) {
                    ended.add(active.get(i));
                }
            }
            ended.forEach(Engine::free);
            active.removeAll(ended);
        } catch (RuntimeException e) {
            active.forEach(sequence -> {
                sequence.listener.failed(e);
                free(sequence);
            });
            active.clear();
        }
    }

    private KvCache cache(int capacity) {
        return new KvCache(
                decoder.config().layers(),
                capacity,
                decoder.config().heads().kv() * decoder.config().heads().size());
    }

    private static void free(Sequence sequence) {
        if (sequence.cache != null) {
            sequence.cache.close();
            sequence.cache = null;
        }
    }

    /** Takes no more requests, lets the running ones end for up to {@code millis}, then cancels them. */
    public void drain(long millis) {
        closing = true;
        try {
            thread.join(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        close();
    }

    @Override
    public void close() {
        closing = true;
        thread.interrupt();
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        tokenizer.close();
        arena.close();
    }
}
