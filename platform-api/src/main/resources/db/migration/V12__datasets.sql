-- What data models may be trained on: each version is a content, by its hash, with what is to be known of it.
CREATE TABLE training_dataset (
    id            uuid        PRIMARY KEY,
    tenant_id     uuid        NOT NULL REFERENCES identity_tenant,
    name          text        NOT NULL CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$'),
    version       integer     NOT NULL CHECK (version > 0),
    sha256        text        NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    bytes         bigint      NOT NULL CHECK (bytes > 0),
    files         integer     NOT NULL CHECK (files > 0),
    -- Null where it cannot be told without the recipe.
    records       bigint,
    format        text        CHECK (format IN ('text', 'chat', 'tokens', 'pairs', 'prompts')),
    licence       text        NOT NULL CHECK (licence <> ''),
    consent_basis text        NOT NULL CHECK (consent_basis IN ('none_needed_synthetic', 'none_needed_public',
        'broad_consent', 'specific_consent', 'waiver', 'legal_basis_other')),
    consent_note  text        NOT NULL,
    phi_class     text        NOT NULL CHECK (phi_class IN ('none', 'limited', 'identifiable')),
    de_identified boolean     NOT NULL,
    clinical      boolean     NOT NULL,
    description   text        NOT NULL,
    -- Where the content is kept, in the tenant's folder of datasets, and how its files looked then.
    kept          text        NOT NULL,
    stamp         text        NOT NULL,
    created_by    text        NOT NULL,
    created_at    timestamptz NOT NULL,
    retired_by    text,
    retired_at    timestamptz,
    UNIQUE (tenant_id, name, version),
    CHECK (consent_basis <> 'legal_basis_other' OR consent_note <> ''),
    CHECK (phi_class = 'none' OR clinical),
    CHECK ((retired_by IS NULL) = (retired_at IS NULL))
);
CREATE INDEX training_dataset_of_content ON training_dataset (tenant_id, sha256);

-- The versions a job was submitted with, by what its recipe calls them.
CREATE TABLE training_job_dataset (
    job_id     uuid NOT NULL REFERENCES training_job,
    reference  text NOT NULL,
    dataset_id uuid NOT NULL REFERENCES training_dataset,
    PRIMARY KEY (job_id, reference)
);
CREATE INDEX training_job_dataset_uses ON training_job_dataset (dataset_id);

-- A version is never changed; it can only be taken out of use.
GRANT SELECT, INSERT ON training_dataset, training_job_dataset TO medley_app;
GRANT UPDATE (retired_by, retired_at) ON training_dataset TO medley_app;
