"""One dated showing of an event: its times, prices, limits and sales state. Bookings are recorded elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from domain import errors
from domain.decision import DecisionContext, StreamType
from domain.decisions.deletion import DeletionState, DeletionStatus
from domain.errors import NotFound, NotOnSale
from domain.event import EVENT, EventStatus, ListedEvent
from domain.values import EntryRules, Limits, PerformanceCancelReason, Price


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceScheduled:
    """The showing was announced; sales open at `on_sale_at` and end at `starts_at`."""

    event: str
    organizer: str
    venue: str
    layout: str
    seats: int
    currency: str
    starts_at: datetime
    doors_at: datetime | None
    on_sale_at: datetime
    prices: tuple[Price, ...]
    limits: Limits
    entry_rules: EntryRules = field(default_factory=EntryRules)


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceRescheduled:
    """The times of the showing changed."""

    starts_at: datetime
    doors_at: datetime | None
    on_sale_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PricesChanged:
    """Quotes use these prices from now on; earlier quotes stay valid."""

    prices: tuple[Price, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsChanged:
    """These limits apply from now on."""

    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRulesChanged:
    """These entry rules apply from now on."""

    rules: EntryRules


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceCancelled:
    """The showing does not take place: sale, confirmation and entry end with this event."""

    reason: PerformanceCancelReason


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesPaused:
    """Staff paused sales."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesResumed:
    """Staff resumed sales."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesClosed:
    """Staff ended sales."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceClosedForDeletion:
    """Sales are suspended while existing bookings are checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceReopened:
    """The deletion was abandoned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceArchived:
    """Nothing was booked; the performance is removed from every list."""


PerformanceEvent = (
    PerformanceScheduled
    | PerformanceRescheduled
    | PricesChanged
    | LimitsChanged
    | EntryRulesChanged
    | PerformanceCancelled
    | SalesPaused
    | SalesResumed
    | SalesClosed
    | PerformanceClosedForDeletion
    | PerformanceReopened
    | PerformanceArchived
)


class SalesState(StrEnum):
    """The sales state that staff set; opening and end by time are derived from the clock."""

    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


SALES_AFTER: Mapping[type[PerformanceEvent], SalesState] = {
    SalesPaused: SalesState.PAUSED,
    SalesResumed: SalesState.OPEN,
    SalesClosed: SalesState.CLOSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPerformance:
    """Not scheduled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledPerformance:
    """The fields of a performance that decisions read; `prices` in minor units by (category, ticket type)."""

    event: str
    organizer: str
    venue: str
    layout: str
    currency: str
    starts_at: datetime
    doors_at: datetime | None
    on_sale_at: datetime
    prices: dict[tuple[str, str], int]
    limits: Limits
    entry_rules: EntryRules = field(default_factory=EntryRules)
    sales: SalesState = SalesState.OPEN
    cancelled: bool = False
    cancel_reason: PerformanceCancelReason | None = None
    deletion: DeletionState = field(default_factory=DeletionState)


Performance = NoPerformance | ScheduledPerformance


def evolve(performance: Performance, event: PerformanceEvent) -> Performance:
    """Return the performance after `event`."""
    if isinstance(event, PerformanceScheduled):
        return to_scheduled_performance(event)
    assert isinstance(performance, ScheduledPerformance)
    match event:
        case PerformanceRescheduled():
            return replace(performance, starts_at=event.starts_at, doors_at=event.doors_at, on_sale_at=event.on_sale_at)
        case PricesChanged():
            return replace(performance, prices=by_category(event.prices))
        case LimitsChanged():
            return replace(performance, limits=event.limits)
        case EntryRulesChanged():
            return replace(performance, entry_rules=event.rules)
        case PerformanceCancelled():
            return replace(performance, cancelled=True, cancel_reason=event.reason)
        case SalesPaused() | SalesResumed() | SalesClosed():
            return replace(performance, sales=SALES_AFTER[type(event)])
        case PerformanceClosedForDeletion() | PerformanceReopened() | PerformanceArchived():
            return replace(performance, deletion=deletion_after(performance.deletion, event))
        case _:
            assert_never(event)


def deletion_after(
    deletion: DeletionState, event: PerformanceClosedForDeletion | PerformanceReopened | PerformanceArchived
) -> DeletionState:
    """Return the state of a performance's deletion after `event`."""
    match event:
        case PerformanceClosedForDeletion():
            return deletion.closed()
        case PerformanceReopened():
            return deletion.reopened()
        case PerformanceArchived():
            return deletion.archived()
        case _:
            assert_never(event)


def to_scheduled_performance(event: PerformanceScheduled) -> ScheduledPerformance:
    """Return the performance that `event` scheduled."""
    return ScheduledPerformance(
        event=event.event,
        organizer=event.organizer,
        venue=event.venue,
        layout=event.layout,
        currency=event.currency,
        starts_at=event.starts_at,
        doors_at=event.doors_at,
        on_sale_at=event.on_sale_at,
        prices=by_category(event.prices),
        limits=event.limits,
        entry_rules=event.entry_rules,
    )


def by_category(prices: tuple[Price, ...]) -> dict[tuple[str, str], int]:
    """Return the amounts in minor units by (category, ticket type)."""
    return {(price.category, price.ticket_type): price.amount for price in prices}


PERFORMANCE: StreamType[Performance] = StreamType("performance", NoPerformance(), evolve)


def require_performance(context: DecisionContext, performance: str) -> ScheduledPerformance:
    """Return a performance that exists.

    Raises:
        NotFound: it was never scheduled, or it was archived.
    """
    state = context.read(PERFORMANCE, performance)
    if isinstance(state, NoPerformance) or state.deletion.status is DeletionStatus.ARCHIVED:
        raise NotFound("There is no such performance.")
    return state


def require_not_cancelled(context: DecisionContext, performance: str) -> ScheduledPerformance:
    """Return a performance that takes place, and guard it and its event.

    Raises:
        NotFound: it was never scheduled, or its event is archived.
        PerformanceIsCancelled: it was cancelled.
    """
    state = require_performance(context, performance)
    event = context.read(EVENT, state.event)
    if not isinstance(event, ListedEvent) or event.status == EventStatus.ARCHIVED:
        raise NotFound("The event no longer exists.")
    if state.cancelled:
        raise errors.PerformanceIsCancelled("The performance was cancelled.")
    return state


def require_on_sale(context: DecisionContext, performance: str) -> ScheduledPerformance:
    """Return a performance that is on sale now.

    Raises:
        NotFound, PerformanceIsCancelled: see `require_not_cancelled`.
        NotOnSale: unpublished, not open yet, ended, paused or closed; the message names which.
    """
    state = require_not_cancelled(context, performance)
    event = context.read(EVENT, state.event)
    if isinstance(event, ListedEvent) and event.status == EventStatus.CLOSING:
        raise NotOnSale("Sales are suspended while the organizer deletes the event; try again in a minute.")
    if not isinstance(event, ListedEvent) or event.status != EventStatus.PUBLISHED:
        raise NotOnSale("The event is not published yet.")
    if state.deletion.status is DeletionStatus.CLOSING:
        raise NotOnSale("Sales are suspended while the organizer deletes the performance; try again in a minute.")
    if state.sales is not SalesState.OPEN:
        raise NotOnSale(f"Sales are {state.sales.value}.", sales=state.sales.value)
    if not context.deadline_passed(state.on_sale_at):
        raise NotOnSale("Sales have not opened yet.", on_sale_at=state.on_sale_at)
    if context.deadline_passed(state.starts_at):
        raise NotOnSale("Sales ended when the performance began.")
    return state
