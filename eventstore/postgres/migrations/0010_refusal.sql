-- What came to nothing, refused or without a change, under a key that its client may send again: an attempt that was
-- asked for before, and is still on its way through another process, has no effect any more. Kept for a minute; an
-- attempt has ten seconds from when it was asked for.
CREATE TABLE eventstore.refusal (
    command_id uuid                     NOT NULL PRIMARY KEY,
    refused_at timestamp with time zone NOT NULL
);
CREATE INDEX refusal_refused_at ON eventstore.refusal (refused_at);

-- Up to which time the log may stand still, because an operator has seen that events were recorded under a clock that
-- ran ahead.
CREATE TABLE eventstore.clock_acceptance (
    recorded_at timestamp with time zone NOT NULL PRIMARY KEY,
    position    bigint                   NOT NULL,
    reason      text                     NOT NULL,
    accepted_by text                     NOT NULL,
    accepted_at timestamp with time zone NOT NULL DEFAULT clock_timestamp()
);
CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON eventstore.clock_acceptance
    FOR EACH STATEMENT EXECUTE FUNCTION eventstore.refuse_change();
ALTER TABLE eventstore.clock_acceptance ENABLE ALWAYS TRIGGER insert_only;
GRANT SELECT ON eventstore.clock_acceptance TO :"app", :"projector";
