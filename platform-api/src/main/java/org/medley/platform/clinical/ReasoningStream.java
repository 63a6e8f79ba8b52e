package org.medley.platform.clinical;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.control.ActivateRequestContext;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;
import org.medley.platform.audit.Outcome;
import org.medley.platform.inference.ModelClient;
import org.medley.platform.knowledge.Knowledge;
import org.medley.runtime.api.EventWriter;

/** Has the model explain an assessment and streams what it writes; keeps the whole, checked, when it has ended. */
@ApplicationScoped
class ReasoningStream {
    private static final Logger LOG = Logger.getLogger(ReasoningStream.class);
    private static final int MAX_TOKENS = 320;
    private static final long PATIENCE_SECONDS = 120;

    private final ModelClient models;
    private final ClinicalService service;
    private final ObjectMapper json;
    private final List<String> vocabulary;

    ReasoningStream(ModelClient models, ClinicalService service, Knowledge knowledge, ObjectMapper json) {
        this.models = models;
        this.service = service;
        this.json = json;
        this.vocabulary = knowledge.findings().values().stream()
                .map(Knowledge.Finding::label)
                .toList();
    }

    private sealed interface Event permits Piece, Done, Failed {}

    private record Piece(String text) implements Event {}

    private record Done(Reasoning.Usage usage) implements Event {}

    private record Failed(Throwable cause) implements Event {}

    /** Events {@code {"t": piece}}, then {@code {"done": true, sentences, usage}} or {@code {"error": {code, detail}}}. */
    StreamingOutput stream(UUID assessment, Assessment.Computed computed) {
        LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();
        OpenAiStreamingChatModel model = models.streaming(computed.model().id(), MAX_TOKENS);
        return out -> {
            EventWriter writer = new EventWriter(out);
            ask(model, computed.prompt(), events);
            StringBuilder text = new StringBuilder();
            try {
                while (true) {
                    switch (events.poll(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                        case Piece piece -> {
                            text.append(piece.text);
                            writer.send(json.writeValueAsString(Map.of("t", piece.text)));
                        }
                        case Done done -> {
                            Reasoning reasoning = reasoning(text.toString(), computed, done.usage);
                            keep(assessment, reasoning, Outcome.success);
                            writer.send(json.writeValueAsString(Map.of(
                                    "done", true, "sentences", reasoning.sentences(), "usage", reasoning.usage())));
                            return;
                        }
                        case Failed failed -> {
                            LOG.warnf(
                                    "model %s did not answer: %s",
                                    computed.model().id(), failed.cause);
                            fail(writer, "the model did not answer; the computed assessment stands without it");
                            return;
                        }
                        case null -> {
                            fail(writer, "the model fell silent for " + PATIENCE_SECONDS + " seconds");
                            return;
                        }
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("the server is stopping", e);
            }
        };
    }

    private void fail(EventWriter writer, String detail) throws IOException {
        writer.send(json.writeValueAsString(Map.of("error", Map.of("code", "MODEL_FAILED", "detail", detail))));
    }

    @ActivateRequestContext
    void keep(UUID assessment, Reasoning reasoning, Outcome outcome) {
        service.keep(assessment, reasoning, outcome);
    }

    private Reasoning reasoning(String text, Assessment.Computed computed, Reasoning.Usage usage) {
        return new Reasoning(
                text.strip(),
                CitationCheck.check(text, computed.passages(), computed.findings(), vocabulary),
                Instant.now(),
                usage);
    }

    private static void ask(OpenAiStreamingChatModel model, String prompt, LinkedBlockingQueue<Event> events) {
        model.chat(
                List.of(SystemMessage.from(ReasoningPrompt.SYSTEM), UserMessage.from(prompt)),
                new StreamingChatResponseHandler() {
                    @Override
                    public void onPartialResponse(String piece) {
                        events.add(new Piece(piece));
                    }

                    @Override
                    public void onCompleteResponse(ChatResponse response) {
                        var used = response.tokenUsage();
                        events.add(new Done(
                                used == null
                                        ? new Reasoning.Usage(0, 0)
                                        : new Reasoning.Usage(used.inputTokenCount(), used.outputTokenCount())));
                    }

                    @Override
                    public void onError(Throwable error) {
                        events.add(new Failed(error));
                    }
                });
    }
}
