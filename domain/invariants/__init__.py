"""The invariants, checked on the log alone. Pass whole commands in order to `violations`.

| invariant (GLOSSARY) | checked by |
|---|---|
| 1 one live claim, 7 one entry, 9 no entry on a void ticket, 12 sold together | `sale_invariants` |
| 2 one ticket for a sold seat | `sale_invariants`, `seat_invariants` |
| 3 held + sold ≤ capacity, 11 a refused command left no trace | `seat_invariants` |
| 4 every cent accounted for, 5 every capture decided | `money_invariants`, `payment_invariants`, `refund_invariants` |
| 6 one effect, however often it is sent | the readers of the log: a command id occurs once |
| 8 a read model rebuilt from nothing is identical | `tests/projections` and the sell-out compare rows with the log |
| 10 no avoidable orphan | comes with best available |
"""

from domain.invariants import (
    money_invariants,
    payment_invariants,
    refund_invariants,
    sale_invariants,
    seat_invariants,
)
from domain.invariants.check import (
    COMMAND_INVARIANTS,
    EVENT_INVARIANTS,
    command_invariant,
    event_invariant,
    violations,
)
from domain.invariants.ledger import Ledger
from domain.invariants.records import LoggedEvent

__all__ = [
    "COMMAND_INVARIANTS",
    "EVENT_INVARIANTS",
    "Ledger",
    "LoggedEvent",
    "command_invariant",
    "event_invariant",
    "money_invariants",
    "payment_invariants",
    "refund_invariants",
    "sale_invariants",
    "seat_invariants",
    "violations",
]
