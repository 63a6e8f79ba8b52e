package org.medley.platform.http;

import io.netty.handler.codec.http.HttpResponseStatus;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.net.URI;
import java.util.Map;
import java.util.Set;
import org.medley.runtime.api.OpenAiResource;

/**
 * What every request passes before anything else looks at it: answers get the headers that keep browsers from mixing
 * them with other people's pages, and a page of another site cannot change anything with a user's cookie.
 */
@ApplicationScoped
class Gate {
    /** Above authentication (200): a login from another site is refused as well. */
    private static final int FIRST = 1000;

    private static final String LOGIN = "/api/session/login";
    private static final Set<HttpMethod> READS = Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);
    private static final Map<String, String> HEADERS = Map.of(
            // No inline script; inline style only because the component library positions its menus with it.
            "Content-Security-Policy",
                    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
                            + " font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self';"
                            + " base-uri 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options", "nosniff",
            "X-Frame-Options", "DENY",
            "Referrer-Policy", "no-referrer",
            "Cross-Origin-Opener-Policy", "same-origin",
            "Cross-Origin-Resource-Policy", "same-origin",
            "Permissions-Policy", "camera=(), geolocation=(), microphone=()");

    void register(@Observes Filters filters) {
        filters.register(this::pass, FIRST);
    }

    private void pass(RoutingContext context) {
        HttpServerRequest request = context.request();
        HEADERS.forEach(context.response()::putHeader);
        if (!isPage(context.normalizedPath())) {
            context.response().putHeader("Cache-Control", "no-store");
        }
        if (!READS.contains(request.method()) && !hasApiKey(request) && !isSameOrigin(request)) {
            refuse(
                    context,
                    403,
                    "CROSS_ORIGIN",
                    "a change must come from this site's own pages (header Sec-Fetch-Site or Origin)");
        } else if (context.normalizedPath().equals(LOGIN) && request.method() == HttpMethod.POST && !isForm(request)) {
            refuse(
                    context,
                    415,
                    "NOT_A_FORM",
                    "the login takes j_username and j_password as application/x-www-form-urlencoded");
        } else {
            context.next();
        }
    }

    private static void refuse(RoutingContext context, int status, String code, String detail) {
        context.response()
                .setStatusCode(status)
                .putHeader("Content-Type", Problem.MEDIA_TYPE)
                .end(new JsonObject()
                        .put("type", "about:blank")
                        .put("title", HttpResponseStatus.valueOf(status).reasonPhrase())
                        .put("status", status)
                        .put("detail", detail)
                        .put("code", code)
                        .put("instance", context.normalizedPath())
                        .encode());
    }

    /** What form authentication can read; it fails over anything else. */
    private static boolean isForm(HttpServerRequest request) {
        String type = request.getHeader("Content-Type");
        return type != null
                && (type.startsWith("application/x-www-form-urlencoded") || type.startsWith("multipart/form-data"));
    }

    private static boolean isPage(String path) {
        return !path.startsWith("/api/") && !OpenAiResource.isModelsApi(path) && !path.startsWith("/fhir/");
    }

    /** A browser sends no such header by itself, so another site's page cannot either. */
    private static boolean hasApiKey(HttpServerRequest request) {
        String authorization = request.getHeader("Authorization");
        return authorization != null && authorization.startsWith("Bearer mdl_");
    }

    private static boolean isSameOrigin(HttpServerRequest request) {
        String site = request.getHeader("Sec-Fetch-Site");
        if (site != null) {
            return site.equals("same-origin");
        }
        String origin = request.getHeader("Origin");
        try {
            return origin != null
                    && request.authority() != null
                    && request.authority().toString().equals(URI.create(origin).getAuthority());
        } catch (IllegalArgumentException notAnAddress) {
            return false;
        }
    }
}
