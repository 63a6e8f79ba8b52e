package org.medley.platform.identity;

import io.quarkus.security.identity.SecurityIdentity;
import jakarta.enterprise.context.RequestScoped;
import java.util.Set;
import java.util.UUID;
import org.medley.platform.audit.Actor;

/** Who makes the request that is being answered. What belongs to another tenant does not exist for them. */
@RequestScoped
public class Caller implements Actor {
    private final SecurityIdentity identity;

    Caller(SecurityIdentity identity) {
        this.identity = identity;
    }

    Account account() {
        Account account = identity.getAttribute(Account.ATTRIBUTE);
        if (account == null) {
            throw new io.quarkus.security.UnauthorizedException();
        }
        return account;
    }

    /** Of the user, or of the API key. */
    public UUID id() {
        return account().id();
    }

    @Override
    public UUID tenantId() {
        return account().tenantId();
    }

    public String tenantName() {
        return account().tenantName();
    }

    /** The user name, or {@code key:NAME} for an API key. */
    @Override
    public String name() {
        return account().username();
    }

    public String displayName() {
        return account().displayName();
    }

    @Override
    public Set<String> roles() {
        return account().roles();
    }

    /** Whether a system calls by an API key instead of a person. */
    public boolean isKey() {
        return account().key();
    }

    /** Whether this process calls its own API, see {@link ProcessKey}. */
    public boolean isProcess() {
        return account().id().equals(ProcessKey.NOBODY);
    }
}
