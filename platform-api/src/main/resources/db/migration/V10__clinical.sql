-- Cases and what was computed and written for them. Patient content: clinicians of the tenant only.
CREATE TABLE clinical_case (
    id         uuid        PRIMARY KEY,
    tenant_id  uuid        NOT NULL REFERENCES identity_tenant,
    created_by text        NOT NULL,
    created_at timestamptz NOT NULL,
    title      text        NOT NULL,
    patient    json        NOT NULL
);
CREATE INDEX clinical_case_of ON clinical_case (tenant_id, created_at DESC);

CREATE TABLE clinical_assessment (
    id            uuid        PRIMARY KEY,
    tenant_id     uuid        NOT NULL REFERENCES identity_tenant,
    case_id       uuid        NOT NULL REFERENCES clinical_case,
    created_by    text        NOT NULL,
    created_at    timestamptz NOT NULL,
    model_id      uuid        NOT NULL REFERENCES model_version,
    -- What the rules computed; never changed after it is written.
    content       json        NOT NULL,
    -- What the model wrote, once it has ended.
    reasoning     json,
    signed_by     text,
    signed_at     timestamptz,
    signed_note   text,
    CHECK ((signed_by IS NULL) = (signed_at IS NULL))
);
CREATE INDEX clinical_assessment_of ON clinical_assessment (case_id, created_at DESC);

GRANT SELECT, INSERT ON clinical_case TO medley_app;
GRANT SELECT, INSERT ON clinical_assessment TO medley_app;
GRANT UPDATE (reasoning, signed_by, signed_at, signed_note) ON clinical_assessment TO medley_app;
