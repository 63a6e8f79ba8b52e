package org.medley.platform.audit;

import jakarta.annotation.security.RolesAllowed;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.sql.SQLException;
import java.util.List;
import javax.sql.DataSource;
import org.jboss.resteasy.reactive.RestQuery;
import org.medley.platform.Roles;
import org.medley.platform.StorageConfig;

/** The trail, for those who read nothing else. */
@Path("/api/audit")
@Produces(MediaType.APPLICATION_JSON)
@RolesAllowed(Roles.AUDITOR)
public class AuditResource {
    private static final int MAX_PAGE = 500;

    private final AuditTrail trail;
    private final Actor caller;
    private final DataSource database;
    private final StorageConfig storage;

    AuditResource(AuditTrail trail, Actor caller, DataSource database, StorageConfig storage) {
        this.trail = trail;
        this.caller = caller;
        this.database = database;
        this.storage = storage;
    }

    record AuditPage(List<AuditEvent> events, boolean more) {}

    @GET
    public AuditPage events(
            @RestQuery @DefaultValue("50") @Min(1) @Max(MAX_PAGE) int limit,
            @RestQuery @Min(1) Long before,
            @RestQuery String action,
            @RestQuery String actor) {
        List<AuditEvent> events =
                trail.page(caller.tenantId(), before == null ? Long.MAX_VALUE : before, limit + 1, action, actor);
        boolean more = events.size() > limit;
        return new AuditPage(more ? events.subList(0, limit) : events, more);
    }

    @GET
    @Path("/verification")
    public Verification verification() throws SQLException {
        return Verification.of(database, Anchors.in(storage.data()).read());
    }
}
