package org.medley.runtime.api;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.util.List;
import org.jboss.logging.Logger;
import org.medley.runtime.api.AnswerEvents.End;
import org.medley.runtime.api.AnswerEvents.Event;
import org.medley.runtime.api.AnswerEvents.Failure;
import org.medley.runtime.api.AnswerEvents.Piece;
import org.medley.runtime.engine.Engine;

/**
 * Brings the answers to one request to the client, whole or as server-sent events while they grow. A client that goes
 * away ends the generations.
 *
 * @param answers how many there will be
 * @param perPrompt of them to each prompt
 */
record Delivery(AnswerEvents events, List<Engine.Generation> generations, Reply reply, int answers, int perPrompt) {
    private static final Logger LOG = Logger.getLogger(Delivery.class);
    private static final long PING_SECONDS = 15;

    /** Waits for the end of all. */
    ObjectNode whole() {
        Count count = new Count();
        while (count.ended < answers) {
            switch (events.next(generations)) {
                case Piece piece -> reply.piece(piece);
                case End end -> {
                    count.add(end);
                    reply.end(end);
                }
                case Failure failure -> {
                    cancel();
                    throw failed(failure);
                }
            }
        }
        return reply.whole(count.used());
    }

    /**
     * Writes {@code data: …} events, and a comment when nothing happens for long. A generation that fails is told in the
     * reply's own way and ends the stream, without {@code [DONE]}.
     *
     * @param named whether each event has its {@code type} as its name
     * @param done whether {@code [DONE]} ends the stream
     */
    StreamingOutput stream(ObjectMapper json, boolean named, boolean done) {
        return stream -> {
            EventWriter out = new EventWriter(stream);
            try {
                Count count = new Count();
                send(out, json, named, reply.begin());
                while (count.ended < answers && !count.failed) {
                    write(out, json, named, events.next(PING_SECONDS), count);
                }
                if (count.failed) {
                    return;
                }
                send(out, json, named, reply.finish(count.used()));
                if (done) {
                    out.send("[DONE]");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("the server is stopping", e);
            } finally {
                cancel();
            }
        };
    }

    private void write(EventWriter out, ObjectMapper json, boolean named, Event event, Count count) throws IOException {
        switch (event) {
            case null -> out.ping();
            case Piece piece -> send(out, json, named, reply.piece(piece));
            case End end -> {
                count.add(end);
                send(out, json, named, reply.end(end));
            }
            case Failure failure -> {
                count.failed = true;
                send(out, json, named, reply.failed(failed(failure)));
            }
        }
    }

    private static void send(EventWriter out, ObjectMapper json, boolean named, List<ObjectNode> chunks)
            throws IOException {
        for (ObjectNode chunk : chunks) {
            if (named) {
                out.send(chunk.path("type").asText(), json.writeValueAsString(chunk));
            } else {
                out.send(json.writeValueAsString(chunk));
            }
        }
    }

    private static ApiException failed(Failure failure) {
        LOG.error("a generation failed", failure.cause());
        return ApiException.broken("the generation failed; the server's log tells why");
    }

    void cancel() {
        generations.forEach(Engine.Generation::cancel);
    }

    private final class Count {
        private int ended;
        private boolean failed;
        private int prompt;
        private int completion;
        private int cached;

        void add(End end) {
            ended++;
            completion += end.usage().completionTokens();
            if (end.index() % perPrompt == 0) {
                prompt += end.usage().promptTokens();
                cached += end.usage().cachedTokens();
            }
        }

        Reply.Used used() {
            return new Reply.Used(prompt, completion, cached);
        }
    }
}
