package org.medley.platform.inference;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.util.Map;
import org.medley.platform.audit.AuditTrail;
import org.medley.platform.audit.Outcome;
import org.medley.platform.identity.Caller;

/** Every call of a model by a person or a system is an event; what was asked and answered is not part of it. */
@ApplicationScoped
class InferenceAudit {
    private final AuditTrail audit;
    private final Caller caller;

    InferenceAudit(AuditTrail audit, Caller caller) {
        this.audit = audit;
        this.caller = caller;
    }

    /** This process's own calls are told by the feature that makes them, with the case they are for. */
    boolean concerns() {
        return !caller.isProcess();
    }

    @Transactional
    void record(String path, String model, int status) {
        audit.record(
                "inference.call",
                model == null ? "model/unknown" : "model/" + model,
                status < 400 ? Outcome.success : Outcome.failure,
                Map.of("endpoint", path, "status", status));
    }
}
