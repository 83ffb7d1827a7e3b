CREATE FUNCTION eventstore.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: the log is only ever added to', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON eventstore.event
    FOR EACH STATEMENT EXECUTE FUNCTION eventstore.refuse_change();
CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON eventstore.command
    FOR EACH STATEMENT EXECUTE FUNCTION eventstore.refuse_change();

-- ALWAYS: they also hold for the owner and under session_replication_role = replica.
ALTER TABLE eventstore.event ENABLE ALWAYS TRIGGER insert_only;
ALTER TABLE eventstore.command ENABLE ALWAYS TRIGGER insert_only;
