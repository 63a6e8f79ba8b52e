-- A model can be grown from another one.
ALTER TABLE model_version
    DROP CONSTRAINT model_version_kind_check,
    ADD CONSTRAINT model_version_kind_check CHECK (kind IN ('train', 'fuse', 'grow', 'import'));
