package org.medley.runtime.api;

import io.quarkus.runtime.configuration.MemorySize;
import io.quarkus.vertx.http.runtime.RouteConstants;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * Tells callers of the models' API in its own shape that a body is larger than {@code quarkus.http.limits.max-body-size}.
 * Quarkus refuses such a request before any endpoint sees it, and without a word. So it does still where a body does not
 * tell its length and turns out too large while it is read.
 */
@ApplicationScoped
class BodyLimit {
    private final long most;

    BodyLimit(@ConfigProperty(name = "quarkus.http.limits.max-body-size", defaultValue = "10240K") MemorySize most) {
        this.most = most.asLongValue();
    }

    void register(@Observes Router router) {
        router.route().order(RouteConstants.ROUTE_ORDER_UPLOAD_LIMIT - 1).handler(this::pass);
    }

    private void pass(RoutingContext context) {
        String path = context.normalizedPath();
        String length = context.request().getHeader("Content-Length");
        if (length == null || !OpenAiResource.isModelsApi(path) || bytes(length) <= most) {
            context.next();
            return;
        }
        String message = "the body has " + length + " bytes; at most " + most + " are possible";
        HttpServerResponse response =
                context.response().setStatusCode(413).putHeader("Content-Type", "application/json");
        // What is left of the body is not read; in HTTP/1 the connection cannot be used again.
        if (context.request().version() == HttpVersion.HTTP_2) {
            response.endHandler(sent -> response.reset());
        } else {
            response.putHeader("Connection", "close")
                    .endHandler(sent -> context.request().connection().close());
        }
        response.end(new JsonObject(Refusals.body(path, 413, message)).encode());
    }

    /** What is no number is for the server to refuse. */
    private static long bytes(String length) {
        try {
            return Long.parseLong(length);
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
