package org.medley.platform.identity;

import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Set;
import java.util.UUID;
import org.medley.platform.Roles;

/** The key with which this process asks its own models' API: made anew at each start and kept nowhere. */
@ApplicationScoped
public class ProcessKey {
    static final UUID NOBODY = new UUID(0, 0);

    private final String value;

    ProcessKey() {
        byte[] secret = new byte[32];
        new SecureRandom().nextBytes(secret);
        value = Keys.PREFIX + "process_" + HexFormat.of().formatHex(secret);
    }

    public String value() {
        return value;
    }

    boolean is(String key) {
        return MessageDigest.isEqual(key.getBytes(StandardCharsets.UTF_8), value.getBytes(StandardCharsets.UTF_8));
    }

    /** May ask models and nothing else: it belongs to no tenant. */
    Account account() {
        return new Account(NOBODY, NOBODY, "", "process", "process", Set.of(Roles.INTEGRATOR), true, "process");
    }
}
