package org.medley.platform.identity;

import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.transaction.Transactional;
import java.util.List;
import java.util.Map;
import org.medley.platform.Roles;
import org.medley.platform.StorageConfig;
import org.medley.platform.audit.Actor;
import org.medley.platform.audit.AuditTrail;
import org.medley.platform.audit.Outcome;
import org.medley.platform.database.Secrets;

/**
 * A database without users gets its first ones: for a demonstration one of each role, otherwise one administrator.
 * Their password is made here and told on the console, so that no installation starts with one that others know.
 */
@ApplicationScoped
class FirstUsers {
    private static final List<String> DEMO =
            List.of(Roles.CLINICIAN, Roles.PHYSICIST, Roles.RESEARCHER, Roles.ADMIN, Roles.AUDITOR);
    private static final String DEMO_SECRET = "demo-password";
    private static final int PASSWORD_BYTES = 12;

    private final Users users;
    private final Tenants tenants;
    private final IdentityConfig config;
    private final AuditTrail audit;
    private final Secrets secrets;

    FirstUsers(Users users, Tenants tenants, IdentityConfig config, AuditTrail audit, StorageConfig storage) {
        this.users = users;
        this.tenants = tenants;
        this.config = config;
        this.audit = audit;
        this.secrets = new Secrets(storage.secrets());
    }

    @Transactional
    void start(@Observes StartupEvent event) {
        boolean first = users.count() == 0;
        if (config.demo() && (first || secrets.has(DEMO_SECRET))) {
            String password = secrets.get(DEMO_SECRET, PASSWORD_BYTES);
            if (first) {
                Tenant tenant = tenants.named("demo");
                DEMO.forEach(role -> add(tenant, role, "Demo " + role, password));
            }
            tell("Demonstration users " + String.join(", ", DEMO) + "; password " + password);
        } else if (first) {
            String password = Secrets.random(PASSWORD_BYTES);
            add(tenants.named(config.tenant()), Roles.ADMIN, "Administrator", password);
            tell("First user admin; password " + password + " (shown once: change it)");
        }
    }

    /** A user called like their only role. */
    private void add(Tenant tenant, String role, String displayName, String password) {
        User user = users.add(tenant, role, displayName, List.of(role), password);
        users.flush();
        audit.record(
                Actor.system(tenant.id),
                "identity.user.create",
                "user/" + user.id,
                Outcome.success,
                Map.of("username", role, "roles", List.of(role)));
    }

    /** To the console, not to the log: logs are kept and sent around. */
    private static void tell(String line) {
        System.out.println(line);
    }
}
