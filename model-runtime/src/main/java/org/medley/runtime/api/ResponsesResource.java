package org.medley.runtime.api;

import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.medley.runtime.engine.Engine;

/** OpenAI's Responses API. Nothing is stored: each request brings its whole conversation. */
@Path("/v1/responses")
@Consumes(MediaType.APPLICATION_JSON)
@RolesAllowed({"clinician", "physicist", "researcher", "integrator", "admin"})
public class ResponsesResource {
    private final ModelHost host;
    private final Generations generations;
    private final Serving serving;

    ResponsesResource(ModelHost host, Generations generations, Serving serving) {
        this.host = host;
        this.generations = generations;
        this.serving = serving;
    }

    @POST
    @Produces({MediaType.APPLICATION_JSON, MediaType.SERVER_SENT_EVENTS})
    @RunOnVirtualThread
    public Response create(@RequestBody(content = @Content(schema = @Schema(type = SchemaType.OBJECT))) String body) {
        Fields in = Fields.parse(body);
        ModelHost.Hosted hosted = serving.hosted(in);
        Engine engine = hosted.engine();
        Fields chat = ResponseRequest.chat(in);
        try {
            Delivery delivery = generations.chat(
                    hosted,
                    chat,
                    host.tenant(),
                    ready -> new ResponseReply(
                            ResponseRequest.echo(in, hosted.name()),
                            ready.reader().get(),
                            text -> engine.tokenizer().encode(text).length));
            return serving.answer(hosted, in, Serving.Stream.NAMED, delivery);
        } catch (ApiException e) {
            throw e.calling(ResponseRequest::name);
        }
    }
}
