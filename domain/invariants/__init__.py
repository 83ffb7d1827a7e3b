"""The promises, checked on the log alone. Feed whole commands in order to `broken`."""

from domain.invariants import money_promises, payment_promises, promises, refund_promises
from domain.invariants.checking import PROMISES, WATCHES, broken, promise, watch
from domain.invariants.ledger import Fact, Ledger

__all__ = [
    "PROMISES",
    "WATCHES",
    "Fact",
    "Ledger",
    "broken",
    "money_promises",
    "payment_promises",
    "promise",
    "promises",
    "refund_promises",
    "watch",
]
