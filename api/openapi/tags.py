"""Tags of the operations, in the order of a visit."""

from typing import Any

INFO = """Sells seats of performances. Amounts are in minor units of their currency, times are RFC 3339 with a zone.

**Authentication:** `Authorization: Bearer <access token>` from one of the operations tagged `auth`.

**Retries:** send a command with an `Idempotency-Key`; the same key and body get the first answer again.

**Read your own writes:** every command returns the `position` of its last event; a read with this value as
`min_position` includes the command.

**Pages:** lists return `items` and `next`; send `next` as `cursor` for the next page.

**Errors:** problem+json (RFC 9457). `code` is stable and listed under the schema `ProblemCode`."""

TEXTS = {
    "auth": "Register, log in, guest accounts, sessions, the sender's own account.",
    "catalogue": "Events, performances and venues that are on sale.",
    "seats": "The seat map of a performance and its live updates.",
    "holds": "Timed claims on places, at a quoted price.",
    "orders": "Binding purchases.",
    "payments": "Payments of orders at a payment provider.",
    "tickets": "Tickets, their codes, and proofs of issue.",
    "refunds": "Requests for refunds, and their decisions by support.",
    "organizers": "Organizers and their members.",
    "venues": "Venues and layouts, for organizers.",
    "events": "Events, for organizers.",
    "performances": "Performances, blocks and cancellations, for organizers.",
    "reports": "Sales reports, for organizers.",
    "entry": "Scans and registered devices at the gates.",
    "exceptions": "Payments and refunds that need a decision of support.",
    "accounts": "Accounts and global roles, for admins.",
    "audit": "The log, states as of earlier moments, seals and exports, for auditors.",
    "operations": "Health, metrics, read models and processes, for operators.",
    "webhooks": "Notifications from payment providers.",
}
TAGS: list[dict[str, Any]] = [{"name": name, "description": text} for name, text in TEXTS.items()]
