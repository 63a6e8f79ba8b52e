package org.medley.platform.http;

import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.regex.Pattern;

/** Addresses inside the web UI are all served by its one page, so that they can be opened, reloaded and sent around. */
@ApplicationScoped
class SinglePage {
    private static final Pattern SERVER_SIDE =
            Pattern.compile("/(?:api|v1|metrics|fhir|cds-services|q)(?:/.*)?|.*\\.[^/]*|/");
    private final boolean present =
            Thread.currentThread().getContextClassLoader().getResource("META-INF/resources/index.html") != null;

    void register(@Observes Router router) {
        if (present) {
            router.route().method(HttpMethod.GET).order(0).handler(SinglePage::serve);
        }
    }

    private static void serve(RoutingContext context) {
        if (SERVER_SIDE.matcher(context.normalizedPath()).matches()) {
            context.next();
        } else {
            context.reroute("/");
        }
    }
}
