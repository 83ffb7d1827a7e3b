"""Refunds read from the log, so always current; the same fields as in the read model."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from domain.errors import NotFound
from domain.refund import (
    REFUND,
    RefundApproved,
    RefundCompleted,
    RefundFailed,
    RefundRejected,
    RefundRequested,
    RequestedRefund,
)
from eventstore.store import RecordedEvent
from projections.my_orders import Refund

if TYPE_CHECKING:
    from api.dependencies import Services

DECIDED = (RefundApproved, RefundRejected)

RecordedEvents = Sequence[tuple[RecordedEvent, Any]]


async def refunds_of(services: "Services", refunds: Sequence[str]) -> list[Refund]:
    """Return refunds in the order of the given ids.

    Raises:
        NotFound: no such refund.
    """
    streams = await services.store.read_streams([REFUND.stream(refund) for refund in refunds])
    return [refund_of(refund, with_content(services, streams[REFUND.stream(refund)])) for refund in refunds]


def with_content(services: "Services", recorded: Sequence[RecordedEvent]) -> RecordedEvents:
    """Return stored events with their decoded content."""
    decode = services.codec.decode
    return [(each, decode(each.name, each.schema_version, each.data)) for each in recorded]


def refund_of(refund: str, events: RecordedEvents) -> Refund:
    """Return a refund from the events of its stream.

    Raises:
        NotFound: the stream is empty.
    """
    state = require_state(events)
    first, requested = events[0]
    assert isinstance(requested, RefundRequested)
    decided, completed = last(events, DECIDED), last(events, (RefundCompleted,))
    failed, rejected = last(events, (RefundFailed,)), last(events, (RefundRejected,))
    return Refund(
        refund=refund,
        order_id=requested.order,
        payment=requested.payment,
        account=requested.account,
        organizer=requested.organizer,
        performance=requested.performance,
        status=state.status,
        lines=requested.lines,
        amount=requested.amount,
        currency=requested.currency,
        reason=requested.reason,
        reason_text=requested.reason_text,
        attempts=state.attempts,
        failure=failed[1].reason if failed else None,
        owner=state.owner,
        requested_by=requested.requested_by,
        requested_at=first.recorded_at,
        decided_by=decided[1].by if decided else None,
        decided_at=decided[0].recorded_at if decided else None,
        rejection=rejected[1].reason_text if rejected else None,
        completed_at=completed[0].recorded_at if completed else None,
        position=first.position,
    )


def require_state(events: RecordedEvents) -> RequestedRefund:
    """Return the state of a refund.

    Raises:
        NotFound: it was never requested.
    """
    state = REFUND.initial
    for _, event in events:
        state = REFUND.evolve(state, event)
    if not isinstance(state, RequestedRefund):
        raise NotFound("There is no such refund.")
    return state


def last(recorded_events: RecordedEvents, kinds: tuple[type, ...]) -> tuple[RecordedEvent, Any] | None:
    """Return the last event of one of the classes; None without one."""
    return next(((recorded, event) for recorded, event in reversed(recorded_events) if isinstance(event, kinds)), None)
