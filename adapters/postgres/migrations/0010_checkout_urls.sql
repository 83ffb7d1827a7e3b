-- Where buyers pay. Whoever has such an address may use it, so it stays out of the log and goes once it is of no use.
CREATE TABLE records.checkout_url (
    payment    text COLLATE "C"         NOT NULL PRIMARY KEY,
    url        text                     NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

CREATE INDEX checkout_url_expires_at ON records.checkout_url (expires_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON records.checkout_url TO :"app";
