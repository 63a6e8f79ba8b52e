package org.medley.runtime.api;

import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.medley.runtime.engine.Engine;
import org.medley.runtime.engine.TokenListener;
import org.medley.runtime.engine.TokenListener.Chosen;
import org.medley.runtime.engine.TokenListener.FinishReason;
import org.medley.runtime.engine.TokenListener.Usage;

/** The answers to one request on their way from engines' threads to the one that writes to the client. */
final class AnswerEvents {
    private final LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();

    /** @param index of the answer it belongs to */
    sealed interface Event permits Piece, End, Failure {}

    record Piece(int index, String text, List<Chosen> tokens) implements Event {}

    /** @param stop the stop text that was met, or null */
    record End(int index, FinishReason reason, Usage usage, String stop) implements Event {}

    record Failure(RuntimeException cause) implements Event {}

    /** Listeners for answers {@code from} to {@code from + count - 1}. */
    List<TokenListener> listeners(int from, int count) {
        return IntStream.range(from, from + count)
                .<TokenListener>mapToObj(index -> new TokenListener() {
                    private String stop;

                    @Override
                    public void text(String piece, List<Chosen> tokens) {
                        events.add(new Piece(index, piece, tokens));
                    }

                    @Override
                    public void stopped(String text) {
                        stop = text;
                    }

                    @Override
                    public void end(FinishReason reason, Usage usage) {
                        events.add(new End(index, reason, usage, stop));
                    }

                    @Override
                    public void failed(RuntimeException cause) {
                        events.add(new Failure(cause));
                    }
                })
                .toList();
    }

    /** The next event, or null if nothing happens for so long. */
    Event next(long seconds) throws InterruptedException {
        return events.poll(seconds, TimeUnit.SECONDS);
    }

    /** The next event, however long it takes; a stop of the server ends the generations. */
    Event next(List<Engine.Generation> generations) {
        try {
            return events.take();
        } catch (InterruptedException e) {
            generations.forEach(Engine.Generation::cancel);
            Thread.currentThread().interrupt();
            throw ApiException.broken("the server is stopping");
        }
    }
}
