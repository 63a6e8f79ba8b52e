-- What happened, chained by hash: each row names the hash of the one before it. The application may read and add.
CREATE TABLE audit_event (
    sequence      bigint      PRIMARY KEY CHECK (sequence > 0),
    at            timestamptz NOT NULL,
    tenant_id     uuid,
    actor         text        NOT NULL,
    roles         text[]      NOT NULL,
    action        text        NOT NULL,
    subject       text        NOT NULL,
    outcome       text        NOT NULL CHECK (outcome IN ('success', 'failure')),
    -- json, not jsonb: the text is kept letter by letter, as it was hashed.
    detail        json        NOT NULL,
    previous_hash text        NOT NULL CHECK (previous_hash ~ '^[0-9a-f]{64}$'),
    hash          text        NOT NULL UNIQUE CHECK (hash ~ '^[0-9a-f]{64}$')
);
CREATE INDEX audit_event_of_tenant ON audit_event (tenant_id, sequence DESC);

CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit events are never changed or removed' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_event_rows BEFORE UPDATE OR DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_event_all BEFORE TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_rows;
ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_all;

GRANT SELECT, INSERT ON audit_event TO medley_app;
