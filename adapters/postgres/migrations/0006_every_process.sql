-- Rules that have no table of their own share one: a new rule needs no migration.
CREATE TABLE records.other_rules PARTITION OF records.process_work DEFAULT;
