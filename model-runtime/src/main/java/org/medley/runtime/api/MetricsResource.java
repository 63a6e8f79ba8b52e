package org.medley.runtime.api;

import io.micrometer.prometheus.PrometheusMeterRegistry;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;

/**
 * The measurements where Prometheus and the dashboards made for other servers look by themselves. They are those of
 * {@code /q/metrics} and open to the same: they tell counts and times, but also what models there are.
 */
@Path("/metrics")
@RolesAllowed({"integrator", "admin"})
public class MetricsResource {
    /** Prometheus' text format, version 0.0.4. */
    private static final String TEXT = "text/plain;version=0.0.4;charset=utf-8";

    private final PrometheusMeterRegistry registry;

    MetricsResource(PrometheusMeterRegistry registry) {
        this.registry = registry;
    }

    @GET
    @Produces(TEXT)
    @APIResponse(
            responseCode = "200",
            content = @Content(mediaType = "text/plain", schema = @Schema(type = SchemaType.STRING)))
    public String metrics() {
        return registry.scrape();
    }
}
