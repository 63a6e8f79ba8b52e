-- Who may do what. Everything belongs to a tenant.
GRANT USAGE ON SCHEMA public TO medley_app;

CREATE TABLE identity_tenant (
    id         uuid        PRIMARY KEY,
    name       text        NOT NULL UNIQUE CHECK (name <> ''),
    created_at timestamptz NOT NULL
);

CREATE TABLE identity_user (
    id            uuid        PRIMARY KEY,
    tenant_id     uuid        NOT NULL REFERENCES identity_tenant,
    username      text        NOT NULL UNIQUE CHECK (username ~ '^[a-z0-9][a-z0-9._-]{1,62}$'),
    display_name  text        NOT NULL CHECK (display_name <> ''),
    password_hash text        NOT NULL,
    roles         text[]      NOT NULL CHECK (cardinality(roles) > 0
        AND roles <@ ARRAY ['clinician', 'physicist', 'researcher', 'integrator', 'admin', 'auditor']),
    disabled      boolean     NOT NULL DEFAULT false,
    -- Sessions carry the epoch they began in; raising it ends them all.
    epoch         bigint      NOT NULL DEFAULT 0,
    failures      integer     NOT NULL DEFAULT 0,
    locked_until  timestamptz,
    created_at    timestamptz NOT NULL,
    version       integer     NOT NULL DEFAULT 0
);

CREATE TABLE identity_key (
    id           uuid        PRIMARY KEY,
    tenant_id    uuid        NOT NULL REFERENCES identity_tenant,
    name         text        NOT NULL CHECK (name <> ''),
    -- The first letters of the key, by which people tell keys apart; the key itself is never stored.
    prefix       text        NOT NULL,
    sha256       text        NOT NULL UNIQUE CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    scopes       text[]      NOT NULL CHECK (cardinality(scopes) > 0
        AND scopes <@ ARRAY ['clinician', 'physicist', 'researcher', 'integrator', 'admin', 'auditor']),
    expires      timestamptz NOT NULL,
    created_by   text        NOT NULL,
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz,
    UNIQUE (tenant_id, name)
);

GRANT SELECT, INSERT ON identity_tenant TO medley_app;
GRANT SELECT, INSERT, UPDATE ON identity_user TO medley_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON identity_key TO medley_app;
