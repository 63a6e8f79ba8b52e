package org.medley.platform.identity;

import io.quarkus.elytron.security.common.BcryptUtil;
import io.quarkus.security.AuthenticationFailedException;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.persistence.LockModeType;
import jakarta.transaction.Transactional;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.medley.platform.audit.Actor;
import org.medley.platform.audit.AuditTrail;
import org.medley.platform.audit.Outcome;

/** Decides who somebody is. Every refusal looks the same from outside; the audit trail knows the reason. */
@ApplicationScoped
class Logins {
    private static final Pattern PRINCIPAL = Pattern.compile("([0-9a-f-]{36})\\.(\\d{1,18})");

    private final Users users;
    private final Keys keys;
    private final AuditTrail audit;
    private final IdentityConfig config;
    private final String nobodysHash;

    Logins(Users users, Keys keys, AuditTrail audit, IdentityConfig config) {
        this.users = users;
        this.keys = keys;
        this.audit = audit;
        this.config = config;
        this.nobodysHash = BcryptUtil.bcryptHash(UUID.randomUUID().toString(), config.bcryptCost());
    }

    /** A failure is counted and audited, so its transaction must not roll back. */
    @Transactional(dontRollbackOn = AuthenticationFailedException.class)
    Account login(String username, String password) {
        Instant now = Instant.now();
        User user = users.find("username", username)
                .withLock(LockModeType.PESSIMISTIC_WRITE)
                .firstResult();
        // An unknown name takes as long as a wrong password.
        boolean matches = BcryptUtil.matches(password, user == null ? nobodysHash : user.passwordHash);
        if (user == null) {
            // What was typed may be a password in the wrong field: it is not recorded.
            refuse(Actor.of(null, "unknown", Set.of()), "unknown user");
        }
        Actor actor = Actor.of(user.tenant.id, user.username, Set.of(user.roles));
        if (user.isLocked(now)) {
            refuse(actor, "locked");
        }
        if (!matches) {
            user.failures++;
            if (user.failures >= config.maxFailures()) {
                user.failures = 0;
                user.lockedUntil = now.plus(config.lockFor());
                refuse(actor, "wrong password; locked from now on");
            }
            refuse(actor, "wrong password");
        }
        if (user.disabled) {
            refuse(actor, "disabled");
        }
        user.failures = 0;
        user.lockedUntil = null;
        audit.record(actor, "identity.login", "user/" + user.id, Outcome.success, Map.of());
        return user.account();
    }

    private void refuse(Actor actor, String reason) {
        audit.record(actor, "identity.login", "session", Outcome.failure, Map.of("reason", reason));
        throw new AuthenticationFailedException();
    }

    /** Goes on with the session of a cookie, unless the user was disabled or all sessions were ended since. */
    @Transactional
    Account resume(String principal) {
        Matcher parts = PRINCIPAL.matcher(principal);
        if (!parts.matches()) {
            throw new AuthenticationFailedException();
        }
        return Optional.ofNullable(users.findById(UUID.fromString(parts.group(1))))
                .filter(user -> !user.disabled && user.epoch == Long.parseLong(parts.group(2)))
                .map(User::account)
                .orElseThrow(AuthenticationFailedException::new);
    }

    @Transactional
    Account byKey(String secret) {
        return keys.accountOf(secret).orElseThrow(AuthenticationFailedException::new);
    }

    /** Ends every session of the caller: a cookie that was copied ends with the one it was copied from. */
    @Transactional
    void logout(Caller caller) {
        if (!caller.isKey()) {
            users.of(caller.tenantId(), caller.id()).epoch++;
            users.flush();
            audit.record("identity.logout", "user/" + caller.id(), Outcome.success, Map.of());
        }
    }
}
