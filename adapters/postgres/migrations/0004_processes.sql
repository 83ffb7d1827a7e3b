-- Who runs a rule, and how far in the log it is. An owner that is silent for too long is followed by another, whose
-- higher fence shuts it out.
CREATE TABLE records.process (
    rule         text COLLATE "C"         NOT NULL PRIMARY KEY,
    checkpoint   bigint                   NOT NULL DEFAULT 0,
    owner        uuid,
    fence        bigint                   NOT NULL DEFAULT 0,
    heartbeat_at timestamp with time zone NOT NULL DEFAULT '-infinity'
);

-- What each rule still has to do: one table a rule, of one shape.
CREATE TABLE records.process_work (
    rule           text COLLATE "C"         NOT NULL,
    subject        text COLLATE "C"         NOT NULL,
    cause          uuid                     NOT NULL, -- the command that caused it
    cause_position bigint                   NOT NULL, -- where its event stands; 0: nothing in the log caused it
    due_at         timestamp with time zone NOT NULL,
    tries          integer                  NOT NULL,
    cursor         bigint                   NOT NULL, -- how far work that never ends has come
    PRIMARY KEY (rule, subject)
) PARTITION BY LIST (rule);

CREATE INDEX process_work_due ON records.process_work (rule, due_at);

CREATE TABLE records.release_lapsed_holds PARTITION OF records.process_work FOR VALUES IN ('release_lapsed_holds');
CREATE TABLE records.settle_payments PARTITION OF records.process_work FOR VALUES IN ('settle_payments');
CREATE TABLE records.submit_refunds PARTITION OF records.process_work FOR VALUES IN ('submit_refunds');
CREATE TABLE records.reconcile_payments PARTITION OF records.process_work FOR VALUES IN ('reconcile_payments');

-- A refusal is a result too. Only the latest of each rule are kept.
CREATE TABLE records.process_refusal (
    number     bigint                   NOT NULL PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    rule       text COLLATE "C"         NOT NULL,
    subject    text COLLATE "C"         NOT NULL,
    cause      uuid                     NOT NULL,
    code       text COLLATE "C"         NOT NULL,
    refused_at timestamp with time zone NOT NULL DEFAULT now()
);

CREATE INDEX process_refusal_of_rule ON records.process_refusal (rule, number);

GRANT SELECT, INSERT, UPDATE ON records.process TO :"app";
GRANT SELECT, INSERT, UPDATE, DELETE ON records.process_work TO :"app";
GRANT SELECT, INSERT, DELETE ON records.process_refusal TO :"app";
