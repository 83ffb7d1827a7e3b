-- One sign-in on one device. It ends by being deleted, and its tokens with it.
CREATE TABLE records.session (
    session    text COLLATE "C"         NOT NULL PRIMARY KEY,
    account    text COLLATE "C"         NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

CREATE INDEX session_of_account ON records.session (account, session);
CREATE INDEX session_expires_at ON records.session (expires_at);

-- Used tokens are kept as long as their session, so that a copy is recognised when it comes.
CREATE TABLE records.refresh_token (
    token_sha256 bytea            NOT NULL PRIMARY KEY,
    session      text COLLATE "C" NOT NULL REFERENCES records.session ON DELETE CASCADE,
    used         boolean          NOT NULL DEFAULT false
);

CREATE INDEX refresh_token_of_session ON records.refresh_token (session);

GRANT SELECT, INSERT, UPDATE, DELETE ON records.session, records.refresh_token TO :"app";
