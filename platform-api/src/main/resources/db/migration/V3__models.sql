-- Versions of models, what they were made from, and which one is in production.
CREATE TABLE model_version (
    id          uuid        PRIMARY KEY,
    tenant_id   uuid        NOT NULL REFERENCES identity_tenant,
    name        text        NOT NULL CHECK (name <> ''),
    version     integer     NOT NULL CHECK (version > 0),
    sha256      text        NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    kind        text        NOT NULL CHECK (kind IN ('train', 'fuse', 'import')),
    -- Where its files are; null for an ancestor that only its descendants tell of.
    folder      text,
    bytes       bigint      NOT NULL,
    parameters  bigint      NOT NULL,
    description text        NOT NULL,
    recipe      text,
    -- JSON, written once and read whole.
    curve       text        NOT NULL,
    metrics     text        NOT NULL,
    created_at  timestamptz NOT NULL,
    UNIQUE (tenant_id, sha256),
    UNIQUE (tenant_id, name, version)
);

CREATE TABLE model_parent (
    child_id  uuid    NOT NULL REFERENCES model_version,
    position  integer NOT NULL,
    parent_id uuid    NOT NULL REFERENCES model_version CHECK (parent_id <> child_id),
    role      text    NOT NULL,
    PRIMARY KEY (child_id, position)
);

CREATE TABLE model_dataset (
    model_id uuid    NOT NULL REFERENCES model_version,
    position integer NOT NULL,
    name     text    NOT NULL,
    sha256   text    NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    examples bigint  NOT NULL,
    tokens   bigint  NOT NULL,
    PRIMARY KEY (model_id, position)
);

-- An alias is where its last event points; nothing is ever overwritten.
CREATE TABLE model_alias_event (
    sequence    bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id   uuid        NOT NULL REFERENCES identity_tenant,
    alias       text        NOT NULL,
    at          timestamptz NOT NULL,
    actor       text        NOT NULL,
    from_id     uuid        REFERENCES model_version,
    to_id       uuid        NOT NULL REFERENCES model_version,
    -- True if the event took back an earlier one instead of adding to them.
    is_rollback boolean     NOT NULL,
    reason      text        NOT NULL
);
CREATE INDEX model_alias_event_of ON model_alias_event (tenant_id, alias, sequence);

GRANT SELECT, INSERT, UPDATE ON model_version TO medley_app;
GRANT SELECT, INSERT, DELETE ON model_parent, model_dataset TO medley_app;
GRANT SELECT, INSERT ON model_alias_event TO medley_app;
