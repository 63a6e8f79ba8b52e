package org.medley.runtime.api;

import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
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
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.medley.runtime.embed.Embedder;

/** Vectors of texts, as OpenAI's clients expect them. */
@Path("/v1/embeddings")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RolesAllowed({"clinician", "physicist", "researcher", "integrator", "admin"})
public class EmbeddingsResource {
    private static final int MOST_TEXTS = 256;

    private final ModelHost host;

    EmbeddingsResource(ModelHost host) {
        this.host = host;
    }

    @POST
    @RunOnVirtualThread
    @APIResponse(responseCode = "200", content = @Content(schema = @Schema(implementation = Answers.Embeddings.class)))
    public Response embeddings(
            @RequestBody(content = @Content(schema = @Schema(type = SchemaType.OBJECT))) String body) {
        Fields in = Fields.parse(body);
        Embedder embedder = EncoderFields.named(host, in);
        EncoderFields.requireVectors(embedder);
        boolean base64 = base64(in);
        List<String> texts = in.texts("input");
        if (texts.isEmpty() || texts.size() > MOST_TEXTS || texts.stream().anyMatch(String::isEmpty)) {
            throw ApiException.invalid("input", "input must be 1 to " + MOST_TEXTS + " strings that are not empty");
        }
        int dimensions = embedder.dimensions();
        in.integer("dimensions", dimensions, dimensions, dimensions);
        Embedder.Reading reading =
                new Embedder.Reading(EncoderFields.side(in), EncoderFields.cut(in), in.flag("normalize", true));
        Embedder.Embedded embedded = EncoderFields.refusing("input", () -> embedder.embed(texts, reading));
        List<Answers.Embedding> data = new ArrayList<>();
        for (float[] vector : embedded.vectors()) {
            data.add(new Answers.Embedding("embedding", data.size(), base64 ? packed(vector) : vector));
        }
        Answers.Usage usage = new Answers.Usage(embedded.tokens(), embedded.tokens());
        return Response.ok(new Answers.Embeddings("list", embedder.id(), data, usage))
                .header(OpenAiResource.MODEL_HEADER, embedder.id())
                .build();
    }

    private static boolean base64(Fields in) {
        String encoding = in.text("encoding_format");
        if (encoding != null && !encoding.equals("base64") && !encoding.equals("float")) {
            throw ApiException.invalid(
                    "encoding_format", "encoding_format is '" + encoding + "'; float and base64 are possible");
        }
        return "base64".equals(encoding);
    }

    /** Little-endian F32 in base 64, which clients ask for because it is shorter. */
    private static String packed(float[] vector) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * vector.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(vector);
        return Base64.getEncoder().encodeToString(bytes.array());
    }
}
