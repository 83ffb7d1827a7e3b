"""Bugs that the state machine must catch."""

from domain import ordering, paying, refunding, settling
from domain.books import Books, Changes, merged
from domain.order import OrderStatus
from tests.laws.engine.machine import EngineMachine


def settle_ignoring_the_late(books: Books, *, payment: str) -> Changes:
    """A planted bug: money for an expired order is nobody's business."""
    order = ordering.visible_order(books, paying.existing(books, payment).order, None)
    return {} if order.status is OrderStatus.EXPIRED else settling.settle(books, payment=payment)


def approve_returning_twice(books: Books, *, refund: str, by: str) -> Changes:
    """A planted bug: a refund gives the seat back twice."""
    changes = refunding.approve_refund(books, refund=refund, by=by)
    return merged(changes, {stream: events for stream, events in changes.items() if stream.startswith("seat-")})


class LateMoneyIgnored(EngineMachine):
    """The engine with the first planted bug."""

    settle = staticmethod(settle_ignoring_the_late)


class SeatReturnedTwice(EngineMachine):
    """The engine with the second planted bug."""

    approve = staticmethod(approve_returning_twice)
