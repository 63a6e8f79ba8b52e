package org.medley.runtime.api;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.medley.runtime.embed.Embedder;
import org.medley.runtime.engine.Engine;
import org.medley.runtime.engine.EngineBusyException;
import org.medley.runtime.engine.TokenListener.FinishReason;
import org.medley.runtime.weights.BadModelException;

/** The models' API, as OpenAI's clients expect it. */
@Path("/v1")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RolesAllowed({"clinician", "physicist", "researcher", "integrator", "admin"})
public class OpenAiResource {
    /** Which model answered, an alias resolved. */
    public static final String MODEL_HEADER = "X-Medley-Model";

    private final ModelHost host;
    private final ObjectMapper json;

    OpenAiResource(ModelHost host, ObjectMapper json) {
        this.host = host;
        this.json = json;
    }

    @GET
    @Path("/models")
    public Answers.Models models() {
        List<Answers.Model> models = new ArrayList<>(host.list().stream()
                .map(entry -> model(entry.name(), entry.created().getEpochSecond()))
                .toList());
        models.add(model(host.embedder().id(), 0));
        return new Answers.Models("list", models);
    }

    @GET
    @Path("/models/{model}")
    public Answers.Model model(@PathParam("model") String name) {
        return models().data().stream()
                .filter(model -> model.id().equals(name))
                .findFirst()
                .orElseThrow(() -> ApiException.noModel(name));
    }

    private static Answers.Model model(String id, long created) {
        return new Answers.Model(id, "model", created, "medley");
    }

    @POST
    @Path("/chat/completions")
    @Produces({MediaType.APPLICATION_JSON, MediaType.SERVER_SENT_EVENTS})
    @RunOnVirtualThread
    public Response chat(Requests.Chat request) {
        ModelHost.Hosted hosted = hosted(request == null ? null : request.model());
        String prompt;
        try {
            prompt = hosted.engine().template().render(request.turns(), true);
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid("messages", e.getMessage());
        }
        return answer(hosted, request, prompt, true);
    }

    @POST
    @Path("/completions")
    @Produces({MediaType.APPLICATION_JSON, MediaType.SERVER_SENT_EVENTS})
    @RunOnVirtualThread
    public Response completion(Requests.Completion request) {
        ModelHost.Hosted hosted = hosted(request == null ? null : request.model());
        return answer(hosted, request.asChat(), request.text(), false);
    }

    private ModelHost.Hosted hosted(String model) {
        if (model == null || model.isBlank()) {
            throw ApiException.invalid("model", "model is missing");
        }
        try {
            return host.engine(model).orElseThrow(() -> ApiException.noModel(model));
        } catch (BadModelException e) {
            throw ApiException.broken(e.getMessage());
        }
    }

    private Response answer(ModelHost.Hosted hosted, Requests.Chat request, String prompt, boolean chat) {
        Engine engine = hosted.engine();
        AnswerStream stream = new AnswerStream();
        Engine.Generation generation;
        try {
            int[] tokens = engine.tokenizer().encode(prompt);
            generation = engine.submit(tokens, request.sampling(engine.context() - tokens.length), stream);
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid(chat ? "messages" : "prompt", e.getMessage());
        } catch (EngineBusyException e) {
            throw ApiException.busy(e.getMessage());
        }
        Form form = new Form(hosted.name(), chat);
        if (Boolean.TRUE.equals(request.stream())) {
            boolean usage = request.streamOptions() != null
                    && Boolean.TRUE.equals(request.streamOptions().includeUsage());
            return Response.ok(stream.events(json, generation, form.shape(usage)))
                    .type(MediaType.SERVER_SENT_EVENTS_TYPE)
                    .header(MODEL_HEADER, hosted.name())
                    .header("Cache-Control", "no-store")
                    .header("X-Accel-Buffering", "no")
                    .build();
        }
        return Response.ok(form.whole(stream.whole(generation)))
                .header(MODEL_HEADER, hosted.name())
                .build();
    }

    /** The parts of one answer, all under one id. */
    private static final class Form {
        private final String id;
        private final long created = System.currentTimeMillis() / 1000;
        private final String model;
        private final boolean chat;

        Form(String model, boolean chat) {
            this.id = (chat ? "chatcmpl-" : "cmpl-") + UUID.randomUUID();
            this.model = model;
            this.chat = chat;
        }

        private Answers.Answer answer(String object, Answers.Choice choice, Answers.Usage usage) {
            return new Answers.Answer(id, object, created, model, choice == null ? List.of() : List.of(choice), usage);
        }

        Answers.Answer whole(AnswerStream.Whole whole) {
            String reason = whole.reason().name();
            Answers.Choice choice = chat
                    ? new Answers.Choice(0, new Answers.Text("assistant", whole.text()), null, null, reason)
                    : new Answers.Choice(0, null, null, whole.text(), reason);
            return answer(chat ? "chat.completion" : "text_completion", choice, Answers.Usage.of(whole.usage()));
        }

        private Answers.Answer chunk(Answers.Text delta, String text, FinishReason reason) {
            String why = reason == null ? null : reason.name();
            return answer(
                    chat ? "chat.completion.chunk" : "text_completion",
                    new Answers.Choice(0, null, delta, text, why),
                    null);
        }

        AnswerStream.Shape shape(boolean usage) {
            return new AnswerStream.Shape(
                    chat ? List.of(chunk(new Answers.Text("assistant", ""), null, null)) : List.of(),
                    piece -> chat ? chunk(new Answers.Text(null, piece), null, null) : chunk(null, piece, null),
                    reason -> chat ? chunk(new Answers.Text(null, null), null, reason) : chunk(null, "", reason),
                    usage
                            ? used -> answer(
                                    chat ? "chat.completion.chunk" : "text_completion", null, Answers.Usage.of(used))
                            : null);
        }
    }

    @POST
    @Path("/embeddings")
    @RunOnVirtualThread
    public Answers.Embeddings embeddings(Requests.Embeddings request) {
        Embedder embedder = host.embedder();
        if (request == null || request.model() == null || !request.model().equals(embedder.id())) {
            throw ApiException.noModel(request == null ? null : request.model());
        }
        if (request.encodingFormat() != null && !request.encodingFormat().equals("float")) {
            throw ApiException.invalid(
                    "encoding_format", "encoding_format is '" + request.encodingFormat() + "'; float");
        }
        List<String> texts = request.texts();
        List<Answers.Embedding> data = new ArrayList<>();
        int words = 0;
        for (int i = 0; i < texts.size(); i++) {
            data.add(new Answers.Embedding("embedding", i, embedder.passage(texts.get(i))));
            words += texts.get(i).split("\\s+").length;
        }
        return new Answers.Embeddings("list", embedder.id(), data, new Answers.Usage(words, 0, words));
    }
}
