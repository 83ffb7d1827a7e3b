-- Which events the log holds, by name and schema version, and up to where it was looked through: so that a program
-- learns at its start whether it can read everything there is without reading everything.
CREATE TABLE eventstore.event_type (
    name           text COLLATE "C" NOT NULL,
    schema_version integer          NOT NULL,
    first_position bigint           NOT NULL,
    PRIMARY KEY (name, schema_version)
);

CREATE TABLE eventstore.survey (
    only_row boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (only_row),
    position bigint  NOT NULL
);

-- Once, for a log that is there already: a second or two for a million events.
INSERT INTO eventstore.event_type (name, schema_version, first_position)
SELECT name, schema_version, min(position) FROM eventstore.event GROUP BY name, schema_version;
INSERT INTO eventstore.survey (position) SELECT coalesce(max(position), 0) FROM eventstore.event;

GRANT SELECT ON eventstore.event_type, eventstore.survey TO :"app";
GRANT SELECT, INSERT ON eventstore.event_type TO :"projector";
GRANT SELECT, UPDATE ON eventstore.survey TO :"projector";
