package org.medley.platform.http;

import io.quarkus.vertx.http.runtime.RouteConstants;
import io.quarkus.vertx.http.runtime.VertxHttpRecorder;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.regex.Pattern;

/** Requests may be as large as an upload only where uploads go; everywhere else a body is read into memory. */
@ApplicationScoped
class BodyLimit {
    static final long MOST = 16L << 20;

    private static final Pattern UPLOADS = Pattern.compile("/api/training/datasets/files/[^/]+");

    void register(@Observes Router router) {
        router.route().order(RouteConstants.ROUTE_ORDER_UPLOAD_LIMIT + 1).handler(BodyLimit::pass);
    }

    private static void pass(RoutingContext context) {
        if (UPLOADS.matcher(context.normalizedPath()).matches()) {
            context.next();
            return;
        }
        // What comes without its length is counted while it is read.
        context.put(VertxHttpRecorder.MAX_REQUEST_SIZE_KEY, MOST);
        String length = context.request().getHeader("Content-Length");
        if (length == null || isWithin(length)) {
            context.next();
            return;
        }
        context.response()
                .setStatusCode(413)
                .putHeader("Content-Type", Problem.MEDIA_TYPE)
                .putHeader("Connection", "close")
                .end(new JsonObject()
                        .put("type", "about:blank")
                        .put("title", "Request Entity Too Large")
                        .put("status", 413)
                        .put("detail", "the request is larger than this address takes, " + MOST + " bytes")
                        .put("code", "TOO_LARGE")
                        .put("instance", context.normalizedPath())
                        .encode());
    }

    private static boolean isWithin(String length) {
        try {
            return Long.parseLong(length) <= MOST;
        } catch (NumberFormatException e) {
            return false;
        }
    }
}
