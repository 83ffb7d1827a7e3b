"""SQL statements of the registered devices."""

from typing import LiteralString

SCHEMA: LiteralString = """
CREATE TABLE device (
    device       text COLLATE "C" NOT NULL PRIMARY KEY,
    organizer    text COLLATE "C" NOT NULL,
    label        text NOT NULL,
    performances text[] NOT NULL,
    works_from   timestamp with time zone,
    works_until  timestamp with time zone,
    revoked      boolean NOT NULL,
    position     bigint NOT NULL
);

CREATE INDEX device_of_organizer ON device (organizer, position);
CREATE INDEX device_by_position ON device (position);
"""

REGISTER: LiteralString = """
INSERT INTO device (device, organizer, label, performances, works_from, works_until, revoked, position)
SELECT device, organizer, label, performances, works_from, works_until, false, position
FROM json_to_recordset(%(rows)s::json) AS r (
    device text, organizer text, label text, performances text[], works_from timestamptz, works_until timestamptz,
    position bigint
)
"""

REVOKE: LiteralString = """
UPDATE device SET revoked = true
FROM json_to_recordset(%(rows)s::json) AS r (device text)
WHERE device.device = r.device
"""

LIST_DEVICES: LiteralString = """
SELECT device, organizer, label, performances, works_from, works_until, revoked, position
FROM {devices}.device
WHERE position < %(before)s AND (%(everyone)s::boolean OR organizer = ANY (%(organizers)s::text[]))
ORDER BY position DESC
LIMIT %(limit)s
"""

COUNT_WORKING: LiteralString = """
SELECT count(*) AS working
FROM {devices}.device
WHERE organizer = %(organizer)s AND NOT revoked AND (works_until IS NULL OR works_until > %(now)s)
"""
