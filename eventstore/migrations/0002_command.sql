-- What took effect, and where: a command that comes again is answered from here.
CREATE TABLE eventstore.command (
    command_id     uuid   NOT NULL PRIMARY KEY,
    account        text   NOT NULL,
    route          text   NOT NULL,
    body_sha256    bytea  NOT NULL,
    first_position bigint NOT NULL,
    last_position  bigint NOT NULL
);
