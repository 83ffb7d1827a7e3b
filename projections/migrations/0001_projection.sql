CREATE SCHEMA projections;

-- One row a read model: which schema readers find its tables in, how far it is, and who folds it.
CREATE TABLE projections.projection (
    name            text                     NOT NULL PRIMARY KEY,
    version         integer                  NOT NULL,               -- of the code that folded it
    schema          text                     NOT NULL UNIQUE,
    position        bigint                   NOT NULL,               -- everything up to here is in its tables
    fence           bigint                   NOT NULL,               -- raised by every change of owner or schema
    state           text                     NOT NULL CHECK (state IN ('running', 'failed', 'paused')),
    owner           text,                                            -- the process that folds it; NULL: nobody
    heartbeat_at    timestamp with time zone NOT NULL,               -- by this server's clock
    error           text,
    failed_position bigint
) WITH (fillfactor = 50);
