-- The queue of jobs. A worker holds a job by a lease and writes to it under a fencing token.
CREATE TABLE training_job (
    id               uuid        PRIMARY KEY,
    tenant_id        uuid        NOT NULL,
    name             text        NOT NULL,
    kind             text        NOT NULL,
    recipe           text        NOT NULL,
    state            text        NOT NULL DEFAULT 'QUEUED'
        CHECK (state IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
    created_by       text        NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at       timestamptz,
    finished_at      timestamptz,
    step             integer     NOT NULL DEFAULT 0,
    steps            integer,
    message          text,
    error            text,
    -- Claims since the job last got further; bounds how often a job may take its worker down.
    attempts         integer     NOT NULL DEFAULT 0,
    worker           text,
    -- Raised by every claim; what a worker writes counts only under the token it was given.
    fence            bigint      NOT NULL DEFAULT 0,
    lease_until      timestamptz,
    cancel_requested boolean     NOT NULL DEFAULT false,
    folder           text,
    model_id         uuid,
    CHECK ((state = 'RUNNING') = (lease_until IS NOT NULL)),
    CHECK ((state IN ('SUCCEEDED', 'FAILED', 'CANCELLED')) = (finished_at IS NOT NULL))
);
CREATE INDEX training_job_open ON training_job (created_at) WHERE state IN ('QUEUED', 'RUNNING');
CREATE INDEX training_job_of_tenant ON training_job (tenant_id, created_at DESC);

CREATE TABLE training_metric (
    job_id uuid        NOT NULL REFERENCES training_job,
    step   integer     NOT NULL CHECK (step >= 0),
    at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    "values" jsonb     NOT NULL,
    PRIMARY KEY (job_id, step)
);

GRANT SELECT, INSERT, UPDATE ON training_job, training_metric TO medley_app;
