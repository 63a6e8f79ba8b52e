package org.medley.platform.inference;

import io.quarkus.security.identity.SecurityIdentity;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.ext.Provider;
import org.medley.runtime.api.OpenAiResource;

/** Records each answered call of the models' API as it begins to be sent. */
@Provider
class InferenceFilter implements ContainerResponseFilter {
    private final InferenceAudit audit;
    private final SecurityIdentity identity;

    InferenceFilter(InferenceAudit audit, SecurityIdentity identity) {
        this.audit = audit;
        this.identity = identity;
    }

    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        String path = request.getUriInfo().getPath();
        boolean inference = path.startsWith("/v1/") && request.getMethod().equals("POST");
        if (inference && !identity.isAnonymous() && audit.concerns()) {
            audit.record(path, response.getHeaderString(OpenAiResource.MODEL_HEADER), response.getStatus());
        }
    }
}
