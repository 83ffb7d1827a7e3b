-- A rule that failed stands still alone; it is tried again at `retry_at`, or when a person says so.
ALTER TABLE records.process
    ADD COLUMN failed_at       timestamp with time zone, -- null: it runs
    ADD COLUMN error           text,
    ADD COLUMN failed_position bigint,                   -- it has recovered once its checkpoint is beyond
    ADD COLUMN tries           integer                  NOT NULL DEFAULT 0,
    ADD COLUMN retry_at        timestamp with time zone NOT NULL DEFAULT '-infinity';
