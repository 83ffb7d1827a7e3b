-- The application may append and read; a projector may read events. Nobody but the owner may do anything else here.
REVOKE ALL ON SCHEMA eventstore FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA eventstore FROM PUBLIC;

GRANT USAGE ON SCHEMA eventstore TO :"app", :"projector";
GRANT SELECT ON eventstore.event, eventstore.command TO :"app";
GRANT SELECT ON eventstore.event TO :"projector";
GRANT EXECUTE ON FUNCTION eventstore.append(
    uuid[], text[], text[], bytea[], json[],
    timestamp with time zone[], timestamp with time zone[], timestamp with time zone[],
    integer[], text[], bigint[], integer[], text[], integer[], json[]
) TO :"app";
