-- Published layouts in our own format. They never change: the application may add documents and read them.
CREATE TABLE records.layout_document (
    layout   text COLLATE "C" NOT NULL PRIMARY KEY,
    document bytea            NOT NULL
);

GRANT SELECT, INSERT ON records.layout_document TO :"app";
