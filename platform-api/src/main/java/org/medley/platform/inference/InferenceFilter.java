package org.medley.platform.inference;

import io.quarkus.runtime.BlockingOperationControl;
import io.quarkus.security.identity.SecurityIdentity;
import io.smallrye.mutiny.infrastructure.Infrastructure;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.ext.Provider;
import java.util.Set;
import org.medley.platform.audit.Actor;
import org.medley.platform.identity.Caller;
import org.medley.runtime.api.OpenAiResource;

/**
 * Records each call of the models' API as its answer begins to be sent. This process's own calls are told by the feature
 * that makes them, with the case they are for.
 */
@Provider
class InferenceFilter implements ContainerResponseFilter {
    /** Refused before anybody was asked who they are, or because they are nobody known: there is nobody to record. */
    private static final Set<Integer> REFUSED_UNSEEN = Set.of(401, 405, 406, 415);

    private final InferenceAudit audit;
    private final SecurityIdentity identity;
    private final Caller caller;

    InferenceFilter(InferenceAudit audit, SecurityIdentity identity, Caller caller) {
        this.audit = audit;
        this.identity = identity;
        this.caller = caller;
    }

    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        String path = request.getUriInfo().getPath();
        boolean inference =
                OpenAiResource.isModelsApi(path) && request.getMethod().equals("POST");
        int status = response.getStatus();
        if (!inference || REFUSED_UNSEEN.contains(status) || identity.isAnonymous() || caller.isProcess()) {
            return;
        }
        Actor actor = Actor.of(caller.tenantId(), caller.name(), caller.roles());
        String model = response.getHeaderString(OpenAiResource.MODEL_HEADER);
        if (BlockingOperationControl.isBlockingAllowed()) {
            audit.record(actor, path, model, status);
        } else {
            // A refusal by role is answered on the event loop, which must not wait for the database.
            Infrastructure.getDefaultWorkerPool().execute(() -> audit.record(actor, path, model, status));
        }
    }
}
