-- What took effect, and where: a command that comes again is answered from here.
CREATE TABLE eventstore.command (
    command_id     uuid   NOT NULL PRIMARY KEY,
    account        text   NOT NULL,
    route          text   NOT NULL,
    body_sha256    bytea  NOT NULL,
    first_position bigint NOT NULL,
    last_position  bigint NOT NULL
);

-- A verdict is a promise, also where somebody calls append inside a longer transaction and weakens it afterwards.
CREATE FUNCTION eventstore.refuse_weak_commit() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN
        RAISE EXCEPTION 'the log needs synchronous_commit = on at the commit' USING ERRCODE = 'SL001';
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER durable AFTER INSERT ON eventstore.command DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION eventstore.refuse_weak_commit();
ALTER TABLE eventstore.command ENABLE ALWAYS TRIGGER durable;
