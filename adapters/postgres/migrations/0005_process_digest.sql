-- The digest of the event at a rule's checkpoint: a position alone does not tell a restored log from the one it read.
ALTER TABLE records.process ADD COLUMN digest bytea NOT NULL DEFAULT '';

-- Tests of the records alone have no log.
DO $$
BEGIN
    IF to_regclass('eventstore.event') IS NOT NULL THEN
        UPDATE records.process AS p
        SET digest = coalesce((SELECT event.digest FROM eventstore.event WHERE event.position = p.checkpoint), '');
    END IF;
END
$$;
