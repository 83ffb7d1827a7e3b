-- The digest of the event at a rule's checkpoint: a position alone does not tell a restored log from the one it read.
ALTER TABLE records.process ADD COLUMN digest bytea NOT NULL DEFAULT '';

UPDATE records.process AS p
SET digest = coalesce((SELECT event.digest FROM eventstore.event WHERE event.position = p.checkpoint), '');
