CREATE SCHEMA eventstore;

-- The log. Positions are dense and in commit order: append hands them out under one lock, no sequence is involved.
CREATE TABLE eventstore.event (
    position       bigint                   NOT NULL PRIMARY KEY,
    stream         text COLLATE "C"         NOT NULL,
    version        bigint                   NOT NULL,
    name           text COLLATE "C"         NOT NULL,
    schema_version integer                  NOT NULL,
    command_id     uuid                     NOT NULL,
    part           integer                  NOT NULL,
    parts          integer                  NOT NULL,
    recorded_at    timestamp with time zone NOT NULL,
    data           json                     NOT NULL, -- json, not jsonb: the bytes are kept exactly as they came
    metadata       json                     NOT NULL,
    digest         bytea                    NOT NULL,
    CONSTRAINT event_stream_version UNIQUE (stream, version)
);
