-- One row a versioned schema that is not the live one of its read model: what is being built, and what was live before
-- the last swap. At most one of each.
CREATE TABLE projections.build (
    schema      text                     NOT NULL PRIMARY KEY,
    name        text                     NOT NULL REFERENCES projections.projection,
    version     integer                  NOT NULL,
    position    bigint                   NOT NULL,               -- everything up to here is in its tables
    state       text                     NOT NULL
                CHECK (state IN ('filling', 'following', 'differs', 'failed', 'retired')),
    swap_anyway boolean                  NOT NULL,               -- even if it differs from the live one
    begun_at    timestamp with time zone NOT NULL,
    differences json,
    error       text
) WITH (fillfactor = 50);

CREATE UNIQUE INDEX build_under_way ON projections.build (name) WHERE state <> 'retired';
CREATE UNIQUE INDEX build_retired ON projections.build (name) WHERE state = 'retired';

-- What somebody asked to be done with the versions of a read model; the log says who and when. Rows are added and
-- carried out, never taken back.
CREATE TABLE projections.wish (
    wish_id  uuid                     NOT NULL PRIMARY KEY,
    name        text                     NOT NULL,
    kind        text                     NOT NULL CHECK (kind IN ('rebuild', 'rollback', 'drop')),
    performance text,                                            -- the only one to rebuild; NULL: all
    swap_anyway boolean                  NOT NULL,
    asked_at    timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    taken_at    timestamp with time zone,
    refusal     text
);

CREATE UNIQUE INDEX wish_open ON projections.wish (name) WHERE taken_at IS NULL;

-- `follower`: the schema that gets every batch beside the live one. `generation`: the number of the newest schema; a
-- name never comes twice, so a statement that a pooled connection prepared never meets other columns.
ALTER TABLE projections.projection
    ADD COLUMN follower   text,
    ADD COLUMN generation integer NOT NULL DEFAULT 0;
UPDATE projections.projection SET generation = substring(schema FROM '[0-9]+$')::integer;

GRANT SELECT ON projections.build, projections.wish TO :"app";
GRANT SELECT, INSERT, UPDATE, DELETE ON projections.build TO :"projector";
GRANT SELECT, INSERT, UPDATE (taken_at, refusal), DELETE ON projections.wish TO :"projector";
