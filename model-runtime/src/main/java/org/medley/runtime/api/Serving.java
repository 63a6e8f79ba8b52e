package org.medley.runtime.api;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import org.medley.runtime.weights.BadModelException;

/** What every endpoint of a model does around its answer: finds the model, and brings the answer to the client. */
@ApplicationScoped
class Serving {
    private final ModelHost host;
    private final ObjectMapper json;
    private final RoutingContext http;

    /** How streams of events look: {@code [DONE]} at the end, or a name to each event. */
    enum Stream {
        ENDED,
        NAMED
    }

    Serving(ModelHost host, ObjectMapper json, RoutingContext http) {
        this.host = host;
        this.json = json;
        this.http = http;
    }

    /** The model that a request names. */
    ModelHost.Hosted hosted(Fields in) {
        String model = in.requiredText("model");
        try {
            return host.engine(model).orElseThrow(() -> ApiException.noModel(model));
        } catch (BadModelException e) {
            throw ApiException.broken(e.getMessage());
        }
    }

    /** The answer, streamed if the request's {@code stream} says so. */
    Response answer(ModelHost.Hosted hosted, Fields in, Stream stream, Delivery delivery) {
        // A client that goes away before the answer begins shows here; later it shows when the answer is written.
        http.addEndHandler(result -> {
            if (result.failed()) {
                delivery.cancel();
            }
        });
        boolean streams = in.flag("stream", false);
        Object entity =
                streams ? delivery.stream(json, stream == Stream.NAMED, stream == Stream.ENDED) : delivery.whole();
        Response.ResponseBuilder response = Response.ok(entity).header(OpenAiResource.MODEL_HEADER, hosted.name());
        if (streams) {
            response.type(MediaType.SERVER_SENT_EVENTS_TYPE)
                    .header("Cache-Control", "no-store")
                    .header("X-Accel-Buffering", "no");
        }
        return response.build();
    }
}
