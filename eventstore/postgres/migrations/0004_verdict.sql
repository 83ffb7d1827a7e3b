-- What became of one command of a batch; `command` counts from 1, in the order the batch was sent.
CREATE TYPE eventstore.verdict AS (
    command        integer,
    outcome        text,                     -- appended, replayed, conflict, late, refused
    first_position bigint,
    last_position  bigint,
    at             timestamp with time zone, -- recorded at; late, refused: the server's clock
    stream         text,                     -- conflict: the stream that moved, and where it really is
    version        bigint,
    account        text,                     -- replayed: what the command said the first time
    route          text,
    body_sha256    bytea,
    refused_at     timestamp with time zone  -- refused: when the command came to nothing
);
