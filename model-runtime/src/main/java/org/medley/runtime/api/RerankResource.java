package org.medley.runtime.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.medley.runtime.embed.Embedder;
import org.medley.runtime.engine.EncoderEngine;

/**
 * Documents in the order in which they answer a query. A model with a head that ranks reads query and document together
 * and scores them 0 to 1; by a model that embeds, the cosine, -1 to 1, is the score.
 */
@Path("/v1/rerank")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RolesAllowed({"clinician", "physicist", "researcher", "integrator", "admin"})
public class RerankResource {
    private static final int MOST_DOCUMENTS = 256;

    private final ModelHost host;

    RerankResource(ModelHost host) {
        this.host = host;
    }

    private record Scored(int index, String text, double score) {}

    @POST
    @RunOnVirtualThread
    public Response rerank(@RequestBody(content = @Content(schema = @Schema(type = SchemaType.OBJECT))) String body) {
        Fields in = Fields.parse(body);
        Embedder embedder = EncoderFields.named(host, in);
        String query = in.requiredText("query");
        List<String> documents = documents(in);
        int top = in.integer("top_n", documents.size(), 1, Integer.MAX_VALUE);
        boolean returned = in.flag("return_documents", false);
        int cut = EncoderFields.cut(in);
        EncoderEngine.Scored scores = embedder instanceof EncoderEngine encoder && encoder.scores()
                ? EncoderFields.refusing("documents", () -> encoder.score(query, documents, cut))
                : cosines(embedder, query, documents, cut);
        List<Scored> scored = new ArrayList<>();
        for (int i = 0; i < documents.size(); i++) {
            scored.add(new Scored(i, documents.get(i), scores.scores()[i]));
        }
        scored.sort(Comparator.comparingDouble(Scored::score).reversed());
        ObjectNode answer = JsonNodeFactory.instance
                .objectNode()
                .put("id", "rerank-" + UUID.randomUUID())
                .put("model", embedder.id());
        ArrayNode results = answer.putArray("results");
        for (Scored one : scored.subList(0, Math.min(top, scored.size()))) {
            ObjectNode result = results.addObject().put("index", one.index()).put("relevance_score", one.score());
            if (returned) {
                result.putObject("document").put("text", one.text());
            }
        }
        answer.putObject("usage").put("prompt_tokens", scores.tokens()).put("total_tokens", scores.tokens());
        return Response.ok(answer)
                .header(OpenAiResource.MODEL_HEADER, embedder.id())
                .build();
    }

    private static List<String> documents(Fields in) {
        List<JsonNode> given = in.array("documents");
        if (given.isEmpty() || given.size() > MOST_DOCUMENTS) {
            throw ApiException.invalid(
                    "documents",
                    "documents must hold 1 to " + MOST_DOCUMENTS + " documents; there are " + given.size());
        }
        List<String> documents = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) {
            JsonNode text = given.get(i).isObject() ? given.get(i).path("text") : given.get(i);
            if (!text.isTextual() || text.textValue().isBlank()) {
                String at = "documents[" + i + "]";
                throw ApiException.invalid(
                        at, at + " must be a string that is not empty, or an object with such a text");
            }
            documents.add(text.textValue());
        }
        return documents;
    }

    private static EncoderEngine.Scored cosines(Embedder embedder, String query, List<String> documents, int cut) {
        EncoderFields.requireVectors(embedder);
        var asked = new Embedder.Reading(Embedder.Side.QUERY, cut, true);
        var wanted = EncoderFields.refusing("query", () -> embedder.embed(List.of(query), asked));
        var read = new Embedder.Reading(Embedder.Side.DOCUMENT, cut, true);
        var found = EncoderFields.refusing("documents", () -> embedder.embed(documents, read));
        double[] scores = found.vectors().stream()
                .mapToDouble(vector -> cosine(wanted.vectors().getFirst(), vector))
                .toArray();
        return new EncoderEngine.Scored(scores, wanted.tokens() + found.tokens());
    }

    /** Vectors of unit length. */
    private static double cosine(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }

    /** The same by the path that other servers have it at. */
    @Path("/rerank")
    @Produces(MediaType.APPLICATION_JSON)
    @Consumes(MediaType.APPLICATION_JSON)
    @RolesAllowed({"clinician", "physicist", "researcher", "integrator", "admin"})
    public static class AtRoot {
        private final RerankResource rerank;

        AtRoot(RerankResource rerank) {
            this.rerank = rerank;
        }

        @POST
        @RunOnVirtualThread
        public Response rerankAtRoot(
                @RequestBody(content = @Content(schema = @Schema(type = SchemaType.OBJECT))) String body) {
            return rerank.rerank(body);
        }
    }
}
