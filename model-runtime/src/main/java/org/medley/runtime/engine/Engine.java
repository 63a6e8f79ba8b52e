package org.medley.runtime.engine;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.medley.runtime.engine.TokenListener.FinishReason;
import org.medley.runtime.engine.TokenListener.Usage;
import org.medley.runtime.engine.schedule.Pages;
import org.medley.runtime.engine.schedule.Scheduler;
import org.medley.runtime.engine.schedule.Sequence;
import org.medley.runtime.engine.schedule.Step;
import org.medley.runtime.grammar.TokenBytes;
import org.medley.runtime.grammar.Vocabulary;
import org.medley.runtime.network.Network;
import org.medley.runtime.tensor.Draw;
import org.medley.runtime.tensor.KvPool;
import org.medley.runtime.tensor.kernel.Workers;
import org.medley.runtime.text.ChatTemplate;
import org.medley.runtime.text.StreamDecoder;
import org.medley.runtime.text.Tokenizer;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.ModelSource;

/**
 * Serves one model to many callers. One thread of its own asks the {@link Scheduler} what to run next, runs it on the
 * {@link Runner} in one pass, chooses the tokens and tells the listeners, for as long as there is work.
 */
public final class Engine implements ServedModel, AutoCloseable {
    private static final long PAUSE_NANOS = 200_000_000;
    /** Below this many logits choosing on one thread is faster than waking others. */
    private static final long PARALLEL_LOGITS = 100_000;

    private final String name;
    private final Runner runner;
    private final Drafter drafter;
    private final Tokenizer tokenizer;
    private final TokenBytes words;
    private final ChatTemplate template;
    private final EngineOptions.Limits limits;
    private final EngineObserver observer;
    private final Set<Integer> endTokens;
    private final Pages pages;
    private final Scheduler scheduler;
    private final ConcurrentLinkedQueue<Answer> arrivals = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Command> commands = new ConcurrentLinkedQueue<>();
    /** Adapters by name, each with a number that no other has, by which its keys and values are told from others'. */
    private final Map<String, Long> adapters = new ConcurrentHashMap<>();

    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicInteger live = new AtomicInteger();
    private final AtomicLong numbers = new AtomicLong();
    private final Map<Sequence, Answer> answers = new IdentityHashMap<>();
    private final Thread thread;
    /** Made when first asked for; two at once make equal ones. */
    private volatile Vocabulary vocabulary;

    private volatile boolean draining;
    private volatile boolean closing;
    private volatile boolean ended;

    /** What the engine's thread is asked to do between two steps. */
    private record Command(Runnable task, CompletableFuture<Void> done) {
        void run() {
            try {
                task.run();
                done.complete(null);
            } catch (RuntimeException e) {
                done.completeExceptionally(e);
            }
        }
    }

    /** Loads the model and starts its thread. */
    public Engine(String name, ModelSource model, EngineOptions options, EngineObserver observer) {
        this(name, model, options, observer, options.device()::load);
    }

    Engine(String name, ModelSource model, EngineOptions options, EngineObserver observer, Runner.Loader loader) {
        this.name = name;
        this.limits = options.limits();
        this.observer = observer;
        this.template = ChatTemplate.of(model);
        this.tokenizer = new Tokenizer(model);
        Runner large = null;
        try {
            this.words = TokenBytes.of(model);
            large = loader.load(model, options, (shape, bytes) -> pages(shape, bytes, options));
            this.drafter = drafter(model, options, loader, large);
        } catch (RuntimeException e) {
            if (large != null) {
                large.close();
            }
            tokenizer.close();
            throw e;
        }
        this.runner = large;
        this.endTokens = runner.shape().endTokens();
        this.pages = new Pages(runner.pages(), KvPool.PAGE);
        this.scheduler =
                new Scheduler(new Scheduler.Limits(limits.sequences(), limits.stepTokens(), options.drafts()), pages);
        this.thread = Thread.ofPlatform().name("medley-engine-" + name).daemon().start(this::serve);
    }

    /**
     * Serves a model that changes. {@link #weightsChanged()} is to be called after each change, while nothing is asked,
     * and requests after it are to name another tenant, so that no computed prompt of before is used.
     *
     * @param text the model's tokenizer and template
     */
    public static Engine live(String name, ModelSource text, LiveModel model, EngineOptions options) {
        return new Engine(
                name, text, options, EngineObserver.NONE, (source, same, pages) -> CpuRunner.live(model, same, pages));
    }

    /** Takes over a live model's weights as they are now. */
    public void weightsChanged() {
        onThread(runner::weightsChanged).join();
    }

    private static Drafter drafter(ModelSource model, EngineOptions options, Runner.Loader loader, Runner large) {
        ModelSource small = options.draftModel();
        if (small == null) {
            return new NgramDrafter();
        }
        if (!Arrays.equals(small.tokenizerJson(), model.tokenizerJson())) {
            throw new BadModelException(
                    small.path(), "has another tokenizer than " + model.path() + ", for which it" + " shall guess");
        }
        return new ModelDrafter(loader.load(small, options, (shape, bytes) -> large.pages()));
    }

    /** As many as memory allows, at least one whole sequence's, at most all sequences'. */
    private static int pages(Network.Shape shape, long pageBytes, EngineOptions options) {
        int sequence = Math.ceilDiv(shape.context(), KvPool.PAGE) + 1;
        long most = (long) sequence * options.limits().sequences();
        return (int) Math.clamp(options.cacheBytes() / pageBytes, sequence, Math.min(most, Integer.MAX_VALUE / 2));
    }

    public String name() {
        return name;
    }

    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /** The same as grammars need it. */
    public Vocabulary grammarVocabulary() {
        Vocabulary known = vocabulary;
        if (known == null) {
            known = new Vocabulary(
                    words, endTokens.stream().mapToInt(Integer::intValue).toArray());
            vocabulary = known;
        }
        return known;
    }

    /** What each token adds to a text. */
    public TokenBytes words() {
        return words;
    }

    public ChatTemplate template() {
        return template;
    }

    /** Longest sequence, prompt and answer together. */
    public int context() {
        return runner.shape().context();
    }

    public int vocabulary() {
        return runner.shape().vocabulary();
    }

    public Set<Integer> endTokens() {
        return endTokens;
    }

    @Override
    public int load() {
        return live.get();
    }

    /** What the model runs on, in words. */
    public String device() {
        return runner.device();
    }

    /** Bytes of weights read for every pass. */
    public long weightBytes() {
        return runner.weightBytes();
    }

    /** Bytes of weights and cache held. */
    public long bytes() {
        return runner.bytes();
    }

    /** A request under way. */
    public interface Generation {
        /** Ends it at the next step; harmless when it has ended. */
        void cancel();
    }

    /** Takes a request with nothing special about it; refuses like {@link #submit(Request, List)}. */
    public Generation submit(int[] prompt, SamplingParams params, TokenListener listener) {
        return submit(new Request(prompt, params), List.of(listener));
    }

    /**
     * Takes a request.
     *
     * @param listeners one for each answer wanted; the prompt is computed once for all
     * @throws IllegalArgumentException if the prompt is empty or leaves no room for an answer
     * @throws EngineBusyException if too many requests wait
     */
    public Generation submit(Request request, List<TokenListener> listeners) {
        int[] prompt = request.prompt();
        if (prompt.length == 0) {
            throw new IllegalArgumentException("the prompt is empty");
        }
        if (prompt.length >= context()) {
            throw new IllegalArgumentException("the prompt has " + prompt.length + " tokens; model " + name
                    + " takes at most " + (context() - 1) + " and needs room for an answer");
        }
        for (int token : prompt) {
            if (token < 0 || token >= vocabulary()) {
                throw new IllegalArgumentException(
                        "token " + token + " of the prompt is not one of the model's " + vocabulary());
            }
        }
        if (request.adapter() != null && !adapters.containsKey(request.adapter())) {
            throw new IllegalArgumentException("adapter " + request.adapter() + " is not one of " + adapters.keySet());
        }
        if (draining || waiting.addAndGet(listeners.size()) > limits.waiting()) {
            int before = draining ? waiting.get() : waiting.addAndGet(-listeners.size());
            throw new EngineBusyException(name, before);
        }
        live.addAndGet(listeners.size());
        List<Answer> taken = new ArrayList<>();
        for (TokenListener listener : listeners) {
            taken.add(answer(request, listener, taken));
        }
        arrivals.addAll(taken);
        LockSupport.unpark(thread);
        return () -> {
            taken.forEach(Answer::cancel);
            LockSupport.unpark(thread);
        };
    }

    private Answer answer(Request request, TokenListener listener, List<Answer> before) {
        SamplingParams params = request.params();
        int limit = Math.min(context(), request.prompt().length + params.maxTokens());
        Sequence leader = before.isEmpty() ? null : before.getFirst().sequence();
        Sequence sequence = new Sequence(
                numbers.getAndIncrement(),
                request.tenant(),
                List.of(
                        request.tenant(),
                        request.adapter() == null ? -1L : adapters.getOrDefault(request.adapter(), -2L)),
                request.prompt(),
                limit,
                leader);
        Sampler sampler = new Sampler(params, params.seed() + before.size(), request.prompt(), endTokens);
        return new Answer(sequence, request, listener, sampler, new StreamDecoder(words), observer);
    }

    /** A whole answer. */
    public record Completion(String text, FinishReason reason, Usage usage) {}

    /** Takes a request of which only the end matters; refuses like {@link #submit}. */
    public CompletableFuture<Completion> complete(int[] prompt, SamplingParams params) {
        return complete(new Request(prompt, params));
    }

    /** The same for any request. */
    public CompletableFuture<Completion> complete(Request request) {
        CompletableFuture<Completion> answer = new CompletableFuture<>();
        StringBuilder text = new StringBuilder();
        submit(request, List.of(new TokenListener() {
            @Override
            public void text(String piece, List<Chosen> tokens) {
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
        }));
        return answer;
    }

    /** Reads an adapter while the engine serves; requests may then name it. */
    public CompletableFuture<Void> addAdapter(String name, Path folder) {
        return onThread(() -> {
            runner.addAdapter(name, folder);
            adapters.put(name, numbers.getAndIncrement());
        });
    }

    /** Forgets an adapter; answers that still go through it fail. */
    public CompletableFuture<Void> removeAdapter(String name) {
        return onThread(() -> {
            adapters.remove(name);
            List.copyOf(answers.values()).stream()
                    .filter(answer -> name.equals(answer.adapter()))
                    .forEach(answer -> {
                        answer.fail(new IllegalStateException("adapter " + name + " was removed"));
                        forget(answer);
                    });
            runner.removeAdapter(name);
        });
    }

    private CompletableFuture<Void> onThread(Runnable command) {
        Command one = new Command(command, new CompletableFuture<>());
        commands.add(one);
        LockSupport.unpark(thread);
        if (ended) {
            refuseCommands();
        }
        return one.done;
    }

    private void serve() {
        while (!closing && !(draining && live.get() == 0)) {
            admit();
            for (Command command = commands.poll(); command != null; command = commands.poll()) {
                command.run();
            }
            if (scheduler.idle()) {
                LockSupport.parkNanos(this, PAUSE_NANOS);
            } else {
                step();
            }
        }
        admit();
        List.copyOf(answers.values()).forEach(answer -> {
            answer.end(FinishReason.cancelled);
            forget(answer);
        });
        ended = true;
        refuseCommands();
    }

    private void refuseCommands() {
        for (Command command = commands.poll(); command != null; command = commands.poll()) {
            command.done.completeExceptionally(new IllegalStateException("model " + name + " is being unloaded"));
        }
    }

    private void admit() {
        for (Answer answer = arrivals.poll(); answer != null; answer = arrivals.poll()) {
            answers.put(answer.sequence(), answer);
            scheduler.add(answer.sequence());
        }
        List<Answer> cancelled =
                answers.values().stream().filter(Answer::cancelled).toList();
        for (Answer answer : cancelled) {
            answer.end(FinishReason.cancelled);
            forget(answer);
        }
    }

    private void forget(Answer answer) {
        scheduler.remove(answer.sequence());
        answers.remove(answer.sequence());
        live.decrementAndGet();
        if (!answer.started()) {
            waiting.decrementAndGet();
        }
    }

    private void step() {
        long began = System.nanoTime();
        Step step = scheduler.next();
        try {
            runner.copy(step.copies());
            drafter.copy(step.copies());
            Pass pass = pass(step);
            List<Answer.Outcome> outcomes =
                    choose(pass, runner.run(pass.tokens(), pass.spans(), pass.rows(), () -> draws(pass)));
            int accepted = 0;
            for (int i = 0; i < outcomes.size(); i++) {
                Step.Work work = step.works().get(i);
                Answer.Outcome outcome = outcomes.get(i);
                if (outcome == null) {
                    scheduler.commit(work, 0);
                    continue;
                }
                accepted += outcome.accepted();
                scheduler.commit(work, outcome.accepted(), outcome.tokens());
                Answer answer = answers.get(work.sequence());
                if (answer.tell(outcome, endTokens)) {
                    forget(answer);
                }
            }
            observer.step(new EngineObserver.StepStats(
                    scheduler.runningCount(),
                    scheduler.waitingCount(),
                    pages.count() - pages.free(),
                    pages.count(),
                    pass.tokens().length,
                    pass.drafted(),
                    accepted,
                    step.preempted().size(),
                    System.nanoTime() - began));
        } catch (RuntimeException e) {
            // The pass cannot be repeated safely; those that took part in it hear why, the others go on.
            for (Step.Work work : step.works()) {
                Answer answer = answers.get(work.sequence());
                if (answer != null) {
                    answer.fail(e);
                    forget(answer);
                }
            }
        }
    }

    private Pass pass(Step step) {
        for (Step.Work work : step.works()) {
            Answer answer = answers.get(work.sequence());
            if (!answer.started()) {
                answer.start();
                waiting.decrementAndGet();
            }
        }
        return Pass.of(step.works(), drafter.draft(step.works()), answers);
    }

    /** How a device may choose the tokens of a pass; null where a guess may hold, which the next choice depends on. */
    private Draw[] draws(Pass pass) {
        Draw[] draws = new Draw[pass.rows().length];
        each(
                pass,
                pass.works().stream()
                        .anyMatch(work -> answers.get(work.sequence()).bound()),
                i -> {
                    if (pass.firstRow()[i] >= 0 && pass.drafts()[i].length == 0) {
                        draws[pass.firstRow()[i]] =
                                answers.get(pass.works().get(i).sequence()).draw(vocabulary());
                    }
                });
        return draws;
    }

    /** What each work's answer chooses, null where the work yields nothing. */
    private List<Answer.Outcome> choose(Pass pass, Runner.Yield found) {
        Answer.Outcome[] outcomes = new Answer.Outcome[pass.works().size()];
        IntConsumer one = i -> {
            if (pass.firstRow()[i] >= 0) {
                Answer answer = answers.get(pass.works().get(i).sequence());
                outcomes[i] = answer.choose(found, pass.firstRow()[i], pass.drafts()[i], endTokens);
            }
        };
        each(pass, found.logits().size() >= PARALLEL_LOGITS && !found.chosen(), one);
        return Arrays.asList(outcomes);
    }

    /** @param much whether the works are worth more than this thread */
    private static void each(Pass pass, boolean much, IntConsumer one) {
        if (much) {
            Workers.run(pass.works().size(), one);
            return;
        }
        for (int i = 0; i < pass.works().size(); i++) {
            one.accept(i);
        }
    }

    /** Those that have not ended after {@code millis} are cancelled. */
    @Override
    public void drain(long millis) {
        draining = true;
        LockSupport.unpark(thread);
        try {
            thread.join(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        close();
    }

    @Override
    public void close() {
        draining = true;
        closing = true;
        LockSupport.unpark(thread);
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
        drafter.close();
        runner.close();
        tokenizer.close();
    }
}
