-- A position alone does not tell a restored log from the one that was folded; the digest of the event there does.
-- `revision`: raised whenever rows are exchanged for others than folding on would give, so that who keeps them in memory
-- reads them again.
ALTER TABLE projections.projection
    ADD COLUMN digest   bytea  NOT NULL DEFAULT '',
    ADD COLUMN revision bigint NOT NULL DEFAULT 0;
ALTER TABLE projections.build ADD COLUMN digest bytea NOT NULL DEFAULT '';

-- Tests of the projections alone have no log.
DO $$
BEGIN
    IF to_regclass('eventstore.event') IS NOT NULL THEN
        UPDATE projections.projection AS p
        SET digest = coalesce((SELECT event.digest FROM eventstore.event WHERE event.position = p.position), '');
        UPDATE projections.build AS b
        SET digest = coalesce((SELECT event.digest FROM eventstore.event WHERE event.position = b.position), '');
    END IF;
END
$$;
