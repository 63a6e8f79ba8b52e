package org.medley.runtime.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.medley.runtime.engine.TokenListener.Chosen;
import org.medley.runtime.engine.TokenListener.FinishReason;
import org.medley.runtime.engine.TokenListener.Usage;
import org.medley.runtime.engine.schedule.Sequence;
import org.medley.runtime.engine.schedule.Step;
import org.medley.runtime.tensor.Batch;
import org.medley.runtime.tensor.Draw;
import org.medley.runtime.text.StreamDecoder;

/** One answer under way: how its tokens are chosen and become text. Used by the engine's thread. */
final class Answer {
    private final Sequence sequence;
    private final Request request;
    private final TokenListener listener;
    private final Sampler sampler;
    private final Constraint constraint;
    private final StreamDecoder stream;
    private final StopText stop;
    private final EngineObserver observer;
    private final long submitted = System.nanoTime();
    private final List<Chosen> untold = new ArrayList<>();
    private long started;
    private long first;
    private long last;
    private int generated;
    private FinishReason reason;
    private volatile boolean cancelled;

    Answer(
            Sequence sequence,
            Request request,
            TokenListener listener,
            Sampler sampler,
            StreamDecoder stream,
            EngineObserver observer) {
        this.sequence = sequence;
        this.request = request;
        this.listener = listener;
        this.sampler = sampler;
        this.constraint =
                request.constraint() == null ? null : request.constraint().get();
        this.stream = stream;
        this.stop = new StopText(request.params().stop());
        this.observer = observer;
    }

    Sequence sequence() {
        return sequence;
    }

    String adapter() {
        return request.adapter();
    }

    void cancel() {
        cancelled = true;
    }

    boolean cancelled() {
        return cancelled;
    }

    boolean started() {
        return started != 0;
    }

    void start() {
        started = System.nanoTime();
    }

    /** What came of a work: the tokens, of which all but the last were guessed. */
    record Outcome(List<Sampler.Choice> chosen) {
        int accepted() {
            return chosen.size() - 1;
        }

        int[] tokens() {
            return chosen.stream().mapToInt(Sampler.Choice::token).toArray();
        }
    }

    /** Whether what it may say has to be worked out. */
    boolean bound() {
        return constraint != null;
    }

    /** How a device may choose the next token, or null if its logits are needed. */
    Draw draw(int vocabulary) {
        return sampler.draw(vocabulary, constraint == null ? null : constraint.allowed());
    }

    /**
     * Chooses tokens as long as guesses prove right.
     *
     * @param row of the first of the work's logits
     * @param endings ids that end an answer
     */
    Outcome choose(Runner.Yield found, int row, int[] drafts, Set<Integer> endings) {
        Draw.Drawn drawn = found.drawn(row);
        if (drawn != null) {
            if (constraint != null) {
                constraint.accept(drawn.token());
            }
            return new Outcome(List.of(sampler.drawn(drawn)));
        }
        List<Sampler.Choice> chosen = new ArrayList<>(1);
        for (int i = 0; i <= drafts.length; i++) {
            long[] allowed = constraint == null ? null : constraint.allowed();
            Sampler.Choice choice =
                    sampler.next(found.logits().slice(row + i, 1).toArray(), allowed);
            chosen.add(choice);
            if (constraint != null) {
                constraint.accept(choice.token());
            }
            boolean ends = endings.contains(choice.token()) && !request.params().ignoreEnd();
            if (ends || i == drafts.length || choice.token() != drafts[i]) {
                break;
            }
        }
        return new Outcome(chosen);
    }

    /** Tells what was chosen; true when the answer has ended. */
    boolean tell(Outcome outcome, Set<Integer> endings) {
        for (Sampler.Choice choice : outcome.chosen()) {
            long now = System.nanoTime();
            if (generated++ == 0) {
                first = now;
            } else {
                observer.token(now - last);
            }
            last = now;
            listener.token(choice.token(), choice.logprob());
            if (endings.contains(choice.token()) && !request.params().ignoreEnd()) {
                return end(FinishReason.stop);
            }
            if (request.params().logprobs() >= 0) {
                untold.add(new Chosen(choice.token(), choice.logprob(), choice.top()));
            }
            say(stop.accept(stream.next(choice.token())));
            if (stop.stopped()) {
                return end(FinishReason.stop);
            }
            if (sequence.promptLength() + generated == sequence.limit()) {
                return end(FinishReason.length);
            }
        }
        return false;
    }

    private void say(String text) {
        if (!text.isEmpty()) {
            listener.text(text, List.copyOf(untold));
            untold.clear();
        }
    }

    boolean end(FinishReason why) {
        say(stop.accept(stream.rest()));
        say(stop.rest());
        // What was held back for its last character may bring a stop text after all.
        reason = stop.stopped() && why == FinishReason.length ? FinishReason.stop : why;
        if (stop.stopped() && reason == FinishReason.stop) {
            listener.stopped(stop.matched());
        }
        listener.end(reason, new Usage(sequence.promptLength(), generated, sequence.cached()));
        measure();
        return true;
    }

    private void measure() {
        long now = System.nanoTime();
        long began = started == 0 ? now : started;
        long answered = first == 0 ? now : first;
        observer.ended(new EngineObserver.RequestStats(
                reason,
                sequence.promptLength(),
                sequence.cached(),
                generated,
                sequence.limit() - sequence.promptLength(),
                began - submitted,
                answered - began,
                Math.max(0, last - answered)));
    }

    void fail(RuntimeException cause) {
        listener.failed(cause);
    }

    /** The span of a work in a pass. */
    Batch.Span span(Step.Work work, int row, int drafts) {
        return new Batch.Span(row, work.count() + drafts, sequence.computed(), sequence.pages(), request.adapter());
    }
}
