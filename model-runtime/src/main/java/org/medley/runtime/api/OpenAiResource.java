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
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.medley.runtime.embed.Embedder;

/** The models' API, as OpenAI's clients expect it. */
@Path("/v1")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RolesAllowed({"clinician", "physicist", "researcher", "integrator", "admin"})
public class OpenAiResource {
    /** Which model answered, an alias resolved. */
    public static final String MODEL_HEADER = "X-Medley-Model";

    private static final int MOST_TEXTS = 256;

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

    @POST
    @Path("/embeddings")
    @RunOnVirtualThread
    public Answers.Embeddings embeddings(
            @RequestBody(content = @Content(schema = @Schema(type = SchemaType.OBJECT))) String body) {
        Fields in = Fields.parse(body);
        Embedder embedder = host.embedder();
        String model = in.requiredText("model");
        if (!model.equals(embedder.id())) {
            throw ApiException.noModel(model);
        }
        String encoding = in.text("encoding_format");
        boolean base64 = "base64".equals(encoding);
        if (encoding != null && !base64 && !encoding.equals("float")) {
            throw ApiException.invalid(
                    "encoding_format", "encoding_format is '" + encoding + "'; float and base64 are possible");
        }
        List<String> texts = in.texts("input");
        if (texts.isEmpty() || texts.size() > MOST_TEXTS || texts.stream().anyMatch(String::isEmpty)) {
            throw ApiException.invalid("input", "input must be 1 to " + MOST_TEXTS + " strings that are not empty");
        }
        List<Answers.Embedding> data = new ArrayList<>();
        int words = 0;
        for (int i = 0; i < texts.size(); i++) {
            float[] vector = embedder.passage(texts.get(i));
            data.add(new Answers.Embedding("embedding", i, base64 ? packed(vector) : vector));
            words += texts.get(i).split("\\s+").length;
        }
        return new Answers.Embeddings("list", embedder.id(), data, new Answers.Usage(words, words));
    }

    /** Little-endian F32 in base 64, which clients ask for because it is shorter. */
    private static String packed(float[] vector) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * vector.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(vector);
        return Base64.getEncoder().encodeToString(bytes.array());
    }
}
