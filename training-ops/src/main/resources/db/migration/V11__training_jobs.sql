-- Jobs that rest and go on, what they say and write meanwhile, and every change of their state.
ALTER TABLE training_job DROP CONSTRAINT training_job_state_check;
ALTER TABLE training_job ADD CONSTRAINT training_job_state_check
    CHECK (state IN ('QUEUED', 'RUNNING', 'PAUSED', 'SUCCEEDED', 'FAILED', 'CANCELLED'));
ALTER TABLE training_job
    -- Of a training run: pretrain, finetune or reinforce.
    ADD COLUMN stage           text,
    ADD COLUMN pause_requested boolean NOT NULL DEFAULT false,
    -- The last value of each metric.
    ADD COLUMN latest          jsonb   NOT NULL DEFAULT '{}',
    -- Number of the last log line and of the last sample.
    ADD COLUMN log_lines       bigint  NOT NULL DEFAULT 0,
    ADD COLUMN samples         bigint  NOT NULL DEFAULT 0,
    -- What the dataset names of the recipe meant at its submission: by reference, the file and its hash.
    ADD COLUMN datasets        jsonb   NOT NULL DEFAULT '{}';

CREATE TABLE training_log (
    job_id   uuid        NOT NULL REFERENCES training_job,
    sequence bigint      NOT NULL,
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    text     text        NOT NULL CHECK (length(text) <= 2000),
    PRIMARY KEY (job_id, sequence)
);

CREATE TABLE training_sample (
    job_id   uuid        NOT NULL REFERENCES training_job,
    sequence bigint      NOT NULL,
    step     integer     NOT NULL CHECK (step >= 0),
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    prompt   text        NOT NULL CHECK (length(prompt) <= 8000),
    answer   text        NOT NULL CHECK (length(answer) <= 32000),
    PRIMARY KEY (job_id, sequence)
);
-- A step that is told again replaces what was answered at it.
CREATE UNIQUE INDEX training_sample_once ON training_sample (job_id, step, md5(prompt));

-- Written by the database itself, so that no change of a state goes without, whoever makes it.
CREATE TABLE training_transition (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id     uuid        NOT NULL REFERENCES training_job,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    from_state text,
    to_state   text        NOT NULL,
    worker     text,
    audited    boolean     NOT NULL DEFAULT false
);
CREATE INDEX training_transition_of_job ON training_transition (job_id, id);
CREATE INDEX training_transition_open ON training_transition (id) WHERE NOT audited;

CREATE FUNCTION training_note_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO training_transition (job_id, to_state) VALUES (NEW.id, NEW.state);
    ELSE
        INSERT INTO training_transition (job_id, from_state, to_state, worker)
        VALUES (NEW.id, OLD.state, NEW.state, NEW.worker);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER training_job_began AFTER INSERT ON training_job
    FOR EACH ROW EXECUTE FUNCTION training_note_transition();
-- A higher fence is another worker's turn.
CREATE TRIGGER training_job_changed AFTER UPDATE ON training_job
    FOR EACH ROW WHEN (NEW.state <> OLD.state OR NEW.fence <> OLD.fence)
    EXECUTE FUNCTION training_note_transition();

GRANT SELECT, INSERT, DELETE ON training_log TO medley_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON training_sample TO medley_app;
GRANT SELECT, INSERT ON training_transition TO medley_app;
GRANT UPDATE (audited) ON training_transition TO medley_app;
