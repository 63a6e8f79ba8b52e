package org.medley.runtime.api;

import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.medley.runtime.engine.Engine;
import org.medley.runtime.engine.TokenListener;

/**
 * One answer on its way from the engine's thread to a client: gathered whole, or written as server-sent events while it
 * grows. A client that goes away ends the generation.
 */
final class AnswerStream implements TokenListener {
    private static final long PING_SECONDS = 15;

    private final LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();

    private sealed interface Event permits Piece, End, Failure {}

    private record Piece(String text) implements Event {}

    private record End(FinishReason reason, Usage usage) implements Event {}

    private record Failure(RuntimeException cause) implements Event {}

    @Override
    public void text(String piece, List<Chosen> tokens) {
        events.add(new Piece(piece));
    }

    @Override
    public void end(FinishReason reason, Usage usage) {
        events.add(new End(reason, usage));
    }

    @Override
    public void failed(RuntimeException cause) {
        events.add(new Failure(cause));
    }

    /** A whole answer. */
    record Whole(String text, FinishReason reason, Usage usage) {}

    /** Waits for the end. */
    Whole whole(Engine.Generation generation) {
        StringBuilder text = new StringBuilder();
        try {
            while (true) {
                switch (events.take()) {
                    case Piece piece -> text.append(piece.text);
                    case End end -> {
                        return new Whole(text.toString(), end.reason, end.usage);
                    }
                    case Failure failure -> throw ApiException.broken("the generation failed: " + failure.cause);
                }
            }
        } catch (InterruptedException e) {
            generation.cancel();
            Thread.currentThread().interrupt();
            throw ApiException.broken("the server is stopping");
        }
    }

    /** How the parts of an answer look on the wire. */
    record Shape(
            List<Object> first,
            Function<String, Object> piece,
            Function<FinishReason, Object> last,
            Function<Usage, Object> usage) {}

    /** Writes {@code data: …} events, a comment when nothing happens for long, and {@code [DONE]} at the end. */
    StreamingOutput events(ObjectMapper json, Engine.Generation generation, Shape shape) {
        return stream -> {
            EventWriter out = new EventWriter(stream);
            try {
                for (Object first : shape.first) {
                    out.send(json.writeValueAsString(first));
                }
                boolean open = true;
                while (open) {
                    open = write(out, json, shape, events.poll(PING_SECONDS, TimeUnit.SECONDS));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("the server is stopping", e);
            } finally {
                generation.cancel();
            }
        };
    }

    private static boolean write(EventWriter out, ObjectMapper json, Shape shape, Event event) throws IOException {
        switch (event) {
            case null -> {
                out.ping();
                return true;
            }
            case Piece piece -> {
                out.send(json.writeValueAsString(shape.piece.apply(piece.text)));
                return true;
            }
            case End end -> {
                out.send(json.writeValueAsString(shape.last.apply(end.reason)));
                if (shape.usage != null) {
                    out.send(json.writeValueAsString(shape.usage.apply(end.usage)));
                }
                out.send("[DONE]");
                return false;
            }
            case Failure failure -> {
                out.send(json.writeValueAsString(ApiException.broken("the generation failed: " + failure.cause)
                        .body()));
                return false;
            }
        }
    }
}
