package org.medley.platform.inference;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.util.Map;
import org.medley.platform.audit.Actor;
import org.medley.platform.audit.AuditTrail;
import org.medley.platform.audit.Outcome;

/** Every call of a model by a person or a system is an event; what was asked and answered is not part of it. */
@ApplicationScoped
class InferenceAudit {
    private final AuditTrail audit;

    InferenceAudit(AuditTrail audit) {
        this.audit = audit;
    }

    @Transactional
    void record(Actor actor, String path, String model, int status) {
        audit.record(
                actor,
                "inference.call",
                model == null ? "model/unknown" : "model/" + model,
                status < 400 ? Outcome.success : Outcome.failure,
                Map.of("endpoint", path, "status", status));
    }
}
