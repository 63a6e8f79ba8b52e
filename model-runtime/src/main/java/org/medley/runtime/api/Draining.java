package org.medley.runtime.api;

import io.quarkus.runtime.Startup;
import jakarta.annotation.PostConstruct;
import jakarta.inject.Singleton;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.PreMatching;
import jakarta.ws.rs.ext.Provider;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Whether the process was told to stop. From then on nothing new is taken and it is not ready; what runs goes on until
 * it ends or the server's patience does ({@code quarkus.shutdown.timeout}).
 */
@Singleton
@Startup
class Draining {
    private static final AtomicBoolean BEGUN = new AtomicBoolean();

    /** A hook of the machine's own, which begins beside the server's shutdown and not after it. */
    @PostConstruct
    void listen() {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> BEGUN.set(true), "medley-drain"));
    }

    static boolean begun() {
        return BEGUN.get();
    }

    /** Refuses models' API calls that come too late. */
    @Provider
    @PreMatching
    static final class Filter implements ContainerRequestFilter {
        @Override
        public void filter(ContainerRequestContext request) {
            if (begun() && OpenAiResource.isModelsApi(request.getUriInfo().getPath())) {
                throw ApiException.stopping();
            }
        }
    }
}
