-- Which life of the log the JetStream stream repeats: a restore or a failover may take positions back, and then needs
-- a stream of its own. The system identifier and the timeline are those of the server the epoch began on.
CREATE TABLE eventstore.epoch (
    only_row          boolean                  NOT NULL PRIMARY KEY DEFAULT true CHECK (only_row),
    id                text                     NOT NULL CHECK (id ~ '^[0-9a-z]{1,64}$'),
    system_identifier bigint                   NOT NULL,
    timeline          integer                  NOT NULL,
    reason            text                     NOT NULL,
    began_at          timestamp with time zone NOT NULL DEFAULT clock_timestamp()
);

GRANT SELECT ON eventstore.epoch TO :"app";
GRANT SELECT, INSERT, UPDATE ON eventstore.epoch TO :"projector";
