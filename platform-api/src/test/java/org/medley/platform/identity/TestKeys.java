package org.medley.platform.identity;

import io.quarkus.arc.Arc;
import io.quarkus.narayana.jta.QuarkusTransaction;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Keys for tests of any tenant, made the way the application makes them. */
public final class TestKeys {
    private TestKeys() {}

    public static String issue(String tenant, String role) {
        Keys keys = Arc.container().instance(Keys.class).get();
        Tenants tenants = Arc.container().instance(Tenants.class).get();
        return QuarkusTransaction.requiringNew()
                .call(() -> keys.issue(
                                tenants.named(tenant),
                                "test-" + tenant + "-" + role,
                                List.of(role),
                                Instant.now().plus(Duration.ofHours(1)),
                                "test")
                        .secret());
    }
}
