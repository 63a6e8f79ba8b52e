package org.medley.runtime.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.medley.runtime.embed.BgeSmallEmbedder;

/** The models' API, as OpenAI's clients expect it. */
@Path("/v1")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RolesAllowed({"clinician", "physicist", "researcher", "integrator", "admin"})
public class OpenAiResource {
    /** Which model answered, an alias resolved. */
    public static final String MODEL_HEADER = "X-Medley-Model";

    private final ModelHost host;
    private final Generations generations;
    private final Serving serving;

    OpenAiResource(ModelHost host, Generations generations, Serving serving) {
        this.host = host;
        this.generations = generations;
        this.serving = serving;
    }

    /** Whether a path is one of the models' API, this class's or another's. */
    public static boolean isModelsApi(String path) {
        return path.startsWith("/v1/") || path.equals("/rerank");
    }

    @GET
    @Path("/models")
    public Answers.Models models() {
        List<Answers.Model> models = new ArrayList<>(host.list().stream()
                .map(entry -> model(entry.name(), entry.created().getEpochSecond()))
                .toList());
        models.add(model(BgeSmallEmbedder.ID, 0));
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
    public Response chat(@RequestBody(content = @Content(schema = @Schema(type = SchemaType.OBJECT))) String body) {
        Fields in = Fields.parse(body);
        ModelHost.Hosted hosted = serving.hosted(in);
        return serving.answer(hosted, in, Serving.Stream.ENDED, generations.chat(hosted, in, host.tenant()));
    }

    @POST
    @Path("/completions")
    @Produces({MediaType.APPLICATION_JSON, MediaType.SERVER_SENT_EVENTS})
    @RunOnVirtualThread
    public Response completion(
            @RequestBody(content = @Content(schema = @Schema(type = SchemaType.OBJECT))) String body) {
        Fields in = Fields.parse(body);
        ModelHost.Hosted hosted = serving.hosted(in);
        return serving.answer(hosted, in, Serving.Stream.ENDED, generations.complete(hosted, in, host.tenant()));
    }

    @POST
    @Path("/tokenize")
    @RunOnVirtualThread
    public ObjectNode tokenize(
            @RequestBody(content = @Content(schema = @Schema(type = SchemaType.OBJECT))) String body) {
        Fields in = Fields.parse(body);
        return generations.tokenize(serving.hosted(in), in);
    }

    @POST
    @Path("/detokenize")
    @RunOnVirtualThread
    public ObjectNode detokenize(
            @RequestBody(content = @Content(schema = @Schema(type = SchemaType.OBJECT))) String body) {
        Fields in = Fields.parse(body);
        JsonNode tokens = in.node("tokens");
        if (tokens == null) {
            throw ApiException.invalid("tokens", "tokens is missing");
        }
        String text = serving.hosted(in).engine().tokenizer().decode(Prompts.tokens(in, tokens), false);
        return JsonNodeFactory.instance.objectNode().put("prompt", text);
    }
}
