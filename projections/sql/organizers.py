"""Statements of the organizers."""

from typing import LiteralString

SCHEMA: LiteralString = """
CREATE TABLE organizer (
    organizer text COLLATE "C" NOT NULL PRIMARY KEY,
    name      text NOT NULL
);

CREATE TABLE member (
    account   text COLLATE "C" NOT NULL,
    organizer text COLLATE "C" NOT NULL,
    roles     text[] NOT NULL,
    PRIMARY KEY (account, organizer)
);
"""

FOUND: LiteralString = """
INSERT INTO organizer (organizer, name)
SELECT organizer, name
FROM json_to_recordset(%(rows)s::json) AS r (organizer text, name text)
"""

FORGET_MEMBERS: LiteralString = """
DELETE FROM member
USING json_to_recordset(%(rows)s::json) AS r (organizer text, account text)
WHERE member.organizer = r.organizer AND member.account = r.account
"""

KEEP_MEMBERS: LiteralString = """
INSERT INTO member (account, organizer, roles)
SELECT account, organizer, roles
FROM json_to_recordset(%(rows)s::json) AS r (organizer text, account text, roles text[])
"""

ORGANIZERS: LiteralString = """
SELECT organizer.organizer, organizer.name, coalesce(member.roles, ARRAY[]::text[]) AS roles
FROM {organizers}.organizer
LEFT JOIN {organizers}.member ON member.organizer = organizer.organizer AND member.account = %(account)s
WHERE organizer.organizer > %(after)s AND (%(everyone)s::boolean OR member.account IS NOT NULL)
ORDER BY organizer.organizer
LIMIT %(limit)s
"""
