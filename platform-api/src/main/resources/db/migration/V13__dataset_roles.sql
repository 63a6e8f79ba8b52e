-- What a dataset was to a model: what it was trained on, or what it was measured on meanwhile.
ALTER TABLE model_dataset
    ADD COLUMN role text NOT NULL DEFAULT 'data' CHECK (role IN ('data', 'evaluation'));
ALTER TABLE model_dataset
    ALTER COLUMN role DROP DEFAULT;
