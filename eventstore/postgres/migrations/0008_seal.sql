-- Copies of the seals, for those who ask here; what is believed is the second place. A range ends with its command. A
-- person begins a new chain, over the whole log again, after a restore; its id is a UUIDv7, so the newest is the last.
CREATE TABLE eventstore.seal (
    chain          uuid                     NOT NULL,
    number         bigint                   NOT NULL,
    first_position bigint                   NOT NULL,
    last_position  bigint                   NOT NULL,
    root           bytea                    NOT NULL, -- of the Merkle tree over the events' digests
    fingerprints   bytea                    NOT NULL, -- SHA-256 of the digests' first bytes, which the second place has
    previous       bytea                    NOT NULL, -- the hash of the seal before
    sealed_at      timestamp with time zone NOT NULL,
    key_id         bytea                    NOT NULL,
    signature      bytea                    NOT NULL,
    PRIMARY KEY (chain, number),
    UNIQUE (chain, last_position),
    CHECK (first_position <= last_position)
);

CREATE TABLE eventstore.seal_key (
    key_id     bytea NOT NULL PRIMARY KEY,
    public_key bytea NOT NULL -- Ed25519, 32 bytes
);

-- How the sealer is, as it says itself.
CREATE TABLE eventstore.sealer (
    only_row     boolean                  NOT NULL PRIMARY KEY DEFAULT true CHECK (only_row),
    state        text                     NOT NULL CHECK (state IN ('sealing', 'stopped')),
    trouble      text,
    heartbeat_at timestamp with time zone NOT NULL
);

CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON eventstore.seal
    FOR EACH STATEMENT EXECUTE FUNCTION eventstore.refuse_change();
CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON eventstore.seal_key
    FOR EACH STATEMENT EXECUTE FUNCTION eventstore.refuse_change();
ALTER TABLE eventstore.seal ENABLE ALWAYS TRIGGER insert_only;
ALTER TABLE eventstore.seal_key ENABLE ALWAYS TRIGGER insert_only;

GRANT USAGE ON SCHEMA eventstore TO :"sealer";
GRANT SELECT ON eventstore.event, eventstore.seal, eventstore.seal_key TO :"sealer";
GRANT INSERT ON eventstore.seal, eventstore.seal_key TO :"sealer";
GRANT SELECT, INSERT, UPDATE ON eventstore.sealer TO :"sealer";
GRANT SELECT ON eventstore.seal, eventstore.seal_key, eventstore.sealer TO :"app";
