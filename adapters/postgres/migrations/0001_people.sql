-- What is not events: personal data, credentials, documents, the state of processes. Rows here may change and go.
CREATE SCHEMA records;
REVOKE ALL ON SCHEMA records FROM PUBLIC;
GRANT USAGE ON SCHEMA records TO :"app";

CREATE TABLE records.person (
    account       text COLLATE "C"         NOT NULL PRIMARY KEY,
    email         text COLLATE "C"         NOT NULL UNIQUE, -- normalised, in lower case
    name          text                     NOT NULL,
    registered_at timestamp with time zone NOT NULL DEFAULT now()
);

-- Holds no address: a copy of this table alone tells nobody whose hash it is.
CREATE TABLE records.credential (
    account       text COLLATE "C"         NOT NULL PRIMARY KEY REFERENCES records.person ON DELETE CASCADE,
    password_hash text                     NOT NULL,
    changed_at    timestamp with time zone NOT NULL DEFAULT now()
);

-- Where the mail of orders goes. An order names the contact; the same words again are the same contact.
CREATE TABLE records.contact (
    contact text COLLATE "C" NOT NULL PRIMARY KEY,
    account text COLLATE "C" NOT NULL,
    email   text COLLATE "C" NOT NULL,
    name    text             NOT NULL,
    UNIQUE (account, email, name)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON records.person, records.credential, records.contact TO :"app";
