"""Public error codes: a closed, stable list, each with its description."""

from collections.abc import Mapping
from enum import StrEnum


class ProblemCode(StrEnum):
    """Machine-readable cause of an error; closed and stable."""

    ALREADY_EXTENDED = "already_extended"
    ALREADY_PAID = "already_paid"
    ALREADY_THERE = "already_there"
    AREA_SOLD_OUT = "area_sold_out"
    BEHIND = "behind"
    BEING_DELETED = "being_deleted"
    BODY_TOO_LARGE = "body_too_large"
    BODY_TOO_SLOW = "body_too_slow"
    BUSY = "busy"
    CHANGED_MEANWHILE = "changed_meanwhile"
    CLOCK_BEHIND = "clock_behind"
    DELETION_GIVEN_UP = "deletion_given_up"
    DEVICE_REVOKED = "device_revoked"
    DISPUTE_SETTLED = "dispute_settled"
    EXCEPTION_ENDED = "exception_ended"
    FORBIDDEN = "forbidden"
    GUEST_HAS_LOGGED_IN = "guest_has_logged_in"
    HAS_BOOKINGS = "has_bookings"
    HAS_EVENTS = "has_events"
    HEADER_TOO_LARGE = "header_too_large"
    HOLD_ENDED = "hold_ended"
    HOLD_LAPSED = "hold_lapsed"
    HOLD_ORDERED = "hold_ordered"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    IMPOSSIBLE = "impossible"
    INTERNAL = "internal"
    INVALID = "invalid"
    LAST_HOLDER = "last_holder"
    LAYOUT_FAULTS = "layout_faults"
    LIMIT_REACHED = "limit_reached"
    MALFORMED = "malformed"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    NONCE_REUSED = "nonce_reused"
    NOTHING_TO_REFUND = "nothing_to_refund"
    NOT_CONFIRMED = "not_confirmed"
    NOT_FAILED = "not_failed"
    NOT_FOUND = "not_found"
    NOT_IN_PARTS = "not_in_parts"
    NOT_ON_SALE = "not_on_sale"
    NOT_PARKED = "not_parked"
    NOT_PAUSED = "not_paused"
    NOT_RUNNING = "not_running"
    NOT_SKIPPED = "not_skipped"
    NO_RETIRED_VERSION = "no_retired_version"
    ORDER_CONFIRMED = "order_confirmed"
    ORDER_ENDED = "order_ended"
    OUTCOME_UNKNOWN = "outcome_unknown"
    OWN_DECISION = "own_decision"
    PAYMENT_DISPUTED = "payment_disputed"
    PAYMENT_REFUSED = "payment_refused"
    PERFORMANCE_CANCELLED = "performance_cancelled"
    PERFORMANCE_STARTED = "performance_started"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    REBUILD_UNDER_WAY = "rebuild_under_way"
    REFUND_DECIDED = "refund_decided"
    REFUSED_MEANWHILE = "refused_meanwhile"
    REJECTED = "rejected"
    REQUEST_TOO_SLOW = "request_too_slow"
    RESOLUTION_NOT_POSSIBLE = "resolution_not_possible"
    SEATS_NAMED_TWICE = "seats_named_twice"
    SEATS_TAKEN = "seats_taken"
    TICKET_USED = "ticket_used"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    TOO_MANY_PAYMENTS = "too_many_payments"
    TOO_MANY_SEATS = "too_many_seats"
    TOO_MANY_WATCHERS = "too_many_watchers"
    TOO_MUCH_SET_ASIDE = "too_much_set_aside"
    UNAUTHENTICATED = "unauthenticated"
    UNAVAILABLE = "unavailable"
    UNKNOWN_SEATS = "unknown_seats"
    URL_TOO_LONG = "url_too_long"
    WEBHOOK_FORGED = "webhook_forged"
    WEBHOOK_STALE = "webhook_stale"
    WRONG_CREDENTIALS = "wrong_credentials"


CODE_DESCRIPTIONS: Mapping[ProblemCode, str] = {
    ProblemCode.ALREADY_EXTENDED: "The hold was extended before; a hold can be extended once.",
    ProblemCode.ALREADY_PAID: "The order is paid.",
    ProblemCode.ALREADY_THERE: "It exists already, or already has this state.",
    ProblemCode.AREA_SOLD_OUT: "The standing area has fewer free places than requested.",
    ProblemCode.BEHIND: "The read model has not reached the requested position yet; retry shortly.",
    ProblemCode.BEING_DELETED: "It is being deleted; within a minute it is deleted or usable again.",
    ProblemCode.BODY_TOO_LARGE: "The body exceeds the limit of the route.",
    ProblemCode.BODY_TOO_SLOW: "The body was not received in time.",
    ProblemCode.BUSY: "The service is overloaded and nothing was changed; retry shortly.",
    ProblemCode.CHANGED_MEANWHILE: "It was changed after the version named by `If-Match`; read it again.",
    ProblemCode.CLOCK_BEHIND: "The database's clock is behind the last recorded event; an operator must correct it.",
    ProblemCode.DELETION_GIVEN_UP: "The event was published or the deletion timed out during the check.",
    ProblemCode.DEVICE_REVOKED: "The device was revoked; its scans are refused.",
    ProblemCode.DISPUTE_SETTLED: "The dispute was won since, so the lines cannot end without a refund.",
    ProblemCode.EXCEPTION_ENDED: "The exception is closed.",
    ProblemCode.FORBIDDEN: "The account lacks the role, or the request came from a foreign origin.",
    ProblemCode.GUEST_HAS_LOGGED_IN: "The guest was merged into an account; use that account's token.",
    ProblemCode.HAS_BOOKINGS: "Places were booked, so it cannot be deleted.",
    ProblemCode.HAS_EVENTS: "Events take place at the venue, so it cannot be deleted.",
    ProblemCode.HEADER_TOO_LARGE: "A header exceeds its limit.",
    ProblemCode.HOLD_ENDED: "The hold was released or has expired.",
    ProblemCode.HOLD_LAPSED: "The deadline of the hold has passed.",
    ProblemCode.HOLD_ORDERED: "The hold belongs to an order and ends with it.",
    ProblemCode.IDEMPOTENCY_KEY_REUSED: "The Idempotency-Key was used for a different request.",
    ProblemCode.IMPOSSIBLE: "The current state does not allow the command.",
    ProblemCode.INTERNAL: "Internal error; it has been logged.",
    ProblemCode.INVALID: "The command contradicts itself or the data it refers to.",
    ProblemCode.LAST_HOLDER: "The account is the last one with a role that must be held.",
    ProblemCode.LAYOUT_FAULTS: "The layout document has faults; `faults` lists all of them.",
    ProblemCode.LIMIT_REACHED: "The buyer's limit for this performance, or the limit of devices, is reached.",
    ProblemCode.MALFORMED: "The request does not match its schema; `faults` lists the differences.",
    ProblemCode.METHOD_NOT_ALLOWED: "The path does not support this method; `Allow` lists the supported ones.",
    ProblemCode.NONCE_REUSED: "The device used this nonce for another scan, or its entry was reverted.",
    ProblemCode.NOTHING_TO_REFUND: "The lines are refunded, or a refund of them is open.",
    ProblemCode.NOT_CONFIRMED: "The order is not confirmed.",
    ProblemCode.NOT_FAILED: "The read model or process has not failed, or failed at another event.",
    ProblemCode.NOT_FOUND: "It does not exist, or the account may not see it.",
    ProblemCode.NOT_IN_PARTS: "The read model cannot be rebuilt for one performance.",
    ProblemCode.NOT_ON_SALE: "Sales have not begun, are paused, or are closed.",
    ProblemCode.NOT_PARKED: "The read model does not exclude this stream.",
    ProblemCode.NOT_PAUSED: "The read model is not paused.",
    ProblemCode.NOT_RUNNING: "The read model is not running.",
    ProblemCode.NOT_SKIPPED: "The read model does not exclude this event.",
    ProblemCode.NO_RETIRED_VERSION: "The read model has no previous version to roll back to.",
    ProblemCode.ORDER_CONFIRMED: "A confirmed order cannot be cancelled; request a refund.",
    ProblemCode.ORDER_ENDED: "The order has expired or was cancelled.",
    ProblemCode.OUTCOME_UNKNOWN: "The outcome is not known yet; resend with the same Idempotency-Key.",
    ProblemCode.OWN_DECISION: "The order's owner and the account that requested the refund cannot decide on it.",
    ProblemCode.PAYMENT_DISPUTED: "The payment is disputed, or the dispute was lost.",
    ProblemCode.PAYMENT_REFUSED: "The payment provider refused the request.",
    ProblemCode.PERFORMANCE_CANCELLED: "The performance is cancelled.",
    ProblemCode.PERFORMANCE_STARTED: "The performance has started.",
    ProblemCode.PROVIDER_UNAVAILABLE: "The provider does not respond; resend with the same Idempotency-Key.",
    ProblemCode.REBUILD_UNDER_WAY: "The read model is being rebuilt, or a rebuild is queued.",
    ProblemCode.REFUND_DECIDED: "The refund is approved or rejected.",
    ProblemCode.REFUSED_MEANWHILE: "A concurrent duplicate was refused; send the request again.",
    ProblemCode.REJECTED: "The command was refused for a reason without a code of its own.",
    ProblemCode.REQUEST_TOO_SLOW: "The request line and headers were not received in time.",
    ProblemCode.RESOLUTION_NOT_POSSIBLE: "An exception of this kind cannot be resolved this way.",
    ProblemCode.SEATS_NAMED_TWICE: "A seat is listed more than once.",
    ProblemCode.SEATS_TAKEN: "Some seats are sold, blocked or held; `seats` lists them.",
    ProblemCode.TICKET_USED: "One of the tickets was used for entry.",
    ProblemCode.TOO_MANY_ATTEMPTS: "Too many attempts; wait for the seconds in `Retry-After`.",
    ProblemCode.TOO_MANY_CONNECTIONS: "Too many connections are open; retry shortly.",
    ProblemCode.TOO_MANY_PAYMENTS: "The order has reached the maximum number of payments.",
    ProblemCode.TOO_MANY_SEATS: "No seats are listed, or more than the limit.",
    ProblemCode.TOO_MANY_WATCHERS: "The client watches the maximum number of seat maps; close one.",
    ProblemCode.TOO_MUCH_SET_ASIDE: "The read model has reached the maximum number of excluded events and streams.",
    ProblemCode.UNAUTHENTICATED: "The access token is missing, invalid or expired, or the session has ended.",
    ProblemCode.UNAVAILABLE: "The database is unavailable and nothing was changed; retry later.",
    ProblemCode.UNKNOWN_SEATS: "The performance has no such seats, areas or prices.",
    ProblemCode.URL_TOO_LONG: "The URL exceeds its limit.",
    ProblemCode.WEBHOOK_FORGED: "The webhook's signature is missing or wrong.",
    ProblemCode.WEBHOOK_STALE: "The webhook's signature is older than five minutes.",
    ProblemCode.WRONG_CREDENTIALS: "Address and password do not match.",
}
