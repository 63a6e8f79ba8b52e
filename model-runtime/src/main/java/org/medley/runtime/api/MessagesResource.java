package org.medley.runtime.api;

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
import java.util.function.Supplier;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;

/** Anthropic's Messages API. Callers show who they are by bearer token, as everywhere here. */
@Path("/v1/messages")
@Consumes(MediaType.APPLICATION_JSON)
@RolesAllowed({"clinician", "physicist", "researcher", "integrator", "admin"})
public class MessagesResource {
    private final ModelHost host;
    private final Generations generations;
    private final Serving serving;

    MessagesResource(ModelHost host, Generations generations, Serving serving) {
        this.host = host;
        this.generations = generations;
        this.serving = serving;
    }

    @POST
    @Produces({MediaType.APPLICATION_JSON, MediaType.SERVER_SENT_EVENTS})
    @RunOnVirtualThread
    public Response create(@RequestBody(content = @Content(schema = @Schema(type = SchemaType.OBJECT))) String body) {
        return refusing(() -> {
            Fields in = Fields.parse(body);
            ModelHost.Hosted hosted = serving.hosted(in);
            if (!in.has("max_tokens")) {
                throw ApiException.invalid("max_tokens", "max_tokens is missing");
            }
            Delivery delivery = generations.chat(
                    hosted,
                    MessageRequest.chat(in),
                    host.tenant(),
                    ready -> new MessageReply(hosted.name(), ready.reader().get(), ready.promptTokens()));
            return serving.answer(hosted, in, Serving.Stream.NAMED, delivery);
        });
    }

    @POST
    @Path("/count_tokens")
    @Produces(MediaType.APPLICATION_JSON)
    @RunOnVirtualThread
    public Response count(@RequestBody(content = @Content(schema = @Schema(type = SchemaType.OBJECT))) String body) {
        return refusing(() -> {
            Fields in = Fields.parse(body);
            ModelHost.Hosted hosted = serving.hosted(in);
            int tokens = generations
                    .tokenize(hosted, MessageRequest.chat(in))
                    .get("count")
                    .intValue();
            ObjectNode count = JsonNodeFactory.instance.objectNode().put("input_tokens", tokens);
            return Response.ok(count)
                    .header(OpenAiResource.MODEL_HEADER, hosted.name())
                    .build();
        });
    }

    /** Refusals call fields as the client did. */
    private static Response refusing(Supplier<Response> call) {
        try {
            return call.get();
        } catch (ApiException e) {
            throw e.calling(MessageRequest::name);
        }
    }
}
