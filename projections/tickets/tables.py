"""SQL statements of the tickets."""

from typing import LiteralString

SCHEMA: LiteralString = """
CREATE TABLE ticket (
    ticket      text COLLATE "C" NOT NULL PRIMARY KEY,
    order_id    text COLLATE "C" NOT NULL,
    line_id     text COLLATE "C" NOT NULL,
    account     text COLLATE "C" NOT NULL,
    performance text COLLATE "C" NOT NULL,
    event       text COLLATE "C" NOT NULL,
    organizer   text COLLATE "C" NOT NULL,
    place       json NOT NULL,
    ticket_type text COLLATE "C" NOT NULL,
    state       text COLLATE "C" NOT NULL,
    disputed    boolean NOT NULL DEFAULT false,
    gate        text,
    entered_at  timestamp with time zone,
    issued_at   timestamp with time zone NOT NULL,
    position    bigint NOT NULL
) WITH (fillfactor = 80);

CREATE INDEX tickets_of_account ON ticket (account, position);
CREATE INDEX tickets_of_order ON ticket (order_id, position);
"""

ISSUE: LiteralString = """
INSERT INTO ticket (
    ticket, order_id, line_id, account, performance, event, organizer, place, ticket_type, state, issued_at, position
)
SELECT ticket, "order", line_id, account, performance, event, organizer, place, ticket_type, 'valid', at, position
FROM json_to_recordset(%(rows)s::json) AS r (
    ticket text, "order" text, line_id text, account text, performance text, event text, organizer text, place json,
    ticket_type text, at timestamptz, position bigint
)
"""

VOID: LiteralString = """
UPDATE ticket SET state = 'void'
FROM json_to_recordset(%(rows)s::json) AS r (ticket text)
WHERE ticket.ticket = r.ticket
"""

ENTER: LiteralString = """
UPDATE ticket SET state = CASE ticket.state WHEN 'void' THEN 'void' ELSE 'used' END, gate = r.gate, entered_at = r.at
FROM json_to_recordset(%(rows)s::json) AS r (ticket text, gate text, at timestamptz)
WHERE ticket.ticket = r.ticket
"""

MARK_DISPUTED: LiteralString = """
UPDATE ticket SET disputed = r.disputed
FROM json_to_recordset(%(rows)s::json) AS r (ticket text, disputed boolean)
WHERE ticket.ticket = r.ticket
"""

REVERT: LiteralString = """
UPDATE ticket SET state = CASE ticket.state WHEN 'void' THEN 'void' ELSE 'valid' END, gate = NULL, entered_at = NULL
FROM json_to_recordset(%(rows)s::json) AS r (ticket text)
WHERE ticket.ticket = r.ticket
"""

MERGE: LiteralString = """
UPDATE ticket SET account = r.account
FROM json_to_recordset(%(rows)s::json) AS r (guest text, account text)
WHERE ticket.account = r.guest
"""

_TICKETS: LiteralString = """
SELECT ticket, order_id, line_id, account, performance, event, organizer, place, ticket_type, state, disputed, gate,
       entered_at, issued_at, position
FROM {tickets}.ticket
"""

TICKETS_OF_ACCOUNT: LiteralString = (
    _TICKETS
    + """
WHERE account = %(account)s AND position < %(before)s
ORDER BY position DESC
LIMIT %(limit)s
"""
)

TICKETS_OF_ORDER: LiteralString = _TICKETS + "WHERE order_id = %(order)s ORDER BY position"

TICKET: LiteralString = _TICKETS + "WHERE ticket = %(ticket)s"
