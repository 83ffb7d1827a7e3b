"""Organizers' decisions on a performance: schedule, reschedule, price, pause, change its rules, cancel."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

from domain.currencies import DECIMALS
from domain.decision import Changes, DecisionContext
from domain.errors import AlreadyExists, Invalid, NotFound, PerformanceStarted
from domain.event import EVENT, EventStatus, ListedEvent
from domain.performance import (
    PERFORMANCE,
    EntryRulesChanged,
    LimitsChanged,
    NoPerformance,
    PerformanceCancelled,
    PerformanceEvent,
    PerformanceRescheduled,
    PerformanceScheduled,
    PricesChanged,
    SalesClosed,
    SalesPaused,
    SalesResumed,
    SalesState,
    ScheduledPerformance,
    by_category,
    require_not_cancelled,
    require_performance,
)
from domain.values import AMOUNT_MAX, EntryRules, PerformanceCancelReason, Price

PRICES_PER_PERFORMANCE_MAX = 200

CHANGES_AFTER_START_MAX = timedelta(hours=72)
"""How long after its start a performance can still be cancelled or rescheduled; covers a weekend."""

DOORS_BEFORE_START_MAX = timedelta(hours=48)
"""How long before the start the doors may open. Tickets admit from then on, so a mistyped date would use them up."""


def schedule(context: DecisionContext, performance: str, request: PerformanceScheduled) -> Changes:
    """Schedule a performance.

    Raises:
        NotFound: no such event.
        AlreadyExists: the performance exists.
        Invalid: a start in the past, doors or sales that open after it, doors that open days before it, invalid prices,
            or an unknown currency.
    """
    event = context.read(EVENT, request.event)
    if not isinstance(event, ListedEvent) or event.status == EventStatus.ARCHIVED:
        raise NotFound("There is no such event.")
    if not isinstance(context.read(PERFORMANCE, performance), NoPerformance):
        raise AlreadyExists("The performance exists.")
    check_start_ahead(context, request.starts_at)
    check_times(request.starts_at, request.doors_at, request.on_sale_at)
    check_prices(request.prices)
    if request.currency not in DECIMALS:
        raise Invalid("There is no such currency; name one of ISO 4217.", currency=request.currency)
    return {PERFORMANCE.stream(performance): [request]}


def check_start_ahead(context: DecisionContext, starts_at: datetime) -> None:
    """Refuse a start that has passed.

    Raises:
        Invalid: `starts_at` has passed.
    """
    if context.deadline_passed(starts_at):
        raise Invalid("The start is in the past; check the date.", starts_at=starts_at)


def check_times(starts_at: datetime, doors_at: datetime | None, on_sale_at: datetime) -> None:
    """Refuse doors or sales that open after the start, and doors that open days before it."""
    if doors_at is not None and doors_at > starts_at:
        raise Invalid("Doors must open before the performance starts.")
    if doors_at is not None and doors_at < starts_at - DOORS_BEFORE_START_MAX:
        hours = DOORS_BEFORE_START_MAX // timedelta(hours=1)
        raise Invalid(f"Doors open at most {hours} hours before the start; check the date.", doors_at=doors_at)
    if on_sale_at >= starts_at:
        raise Invalid("Sales must open before the performance starts.")


def check_prices(prices: tuple[Price, ...]) -> None:
    """Refuse duplicate prices, and those below zero or above `AMOUNT_MAX`."""
    if not 0 < len(prices) <= PRICES_PER_PERFORMANCE_MAX:
        raise Invalid(f"A performance has 1 to {PRICES_PER_PERFORMANCE_MAX} prices.")
    if len(by_category(prices)) < len(prices):
        raise Invalid("A category and ticket type may have one price only.")
    if not all(0 <= price.amount <= AMOUNT_MAX for price in prices):
        raise Invalid(f"Prices must be 0 to {AMOUNT_MAX} minor units.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRulesChange:
    """Changes of entry rules; None keeps a rule."""

    registered_devices: bool | None = None
    disputed_tickets_admitted: bool | None = None

    def applied_to(self, rules: EntryRules) -> EntryRules:
        """Return the rules after the change."""
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        return replace(rules, **{name: value for name, value in given.items() if value is not None})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePerformance:
    """An organizer's changes to a performance; None keeps a field, `without_doors_at` removes `doors_at`.

    The doors keep their distance to the start, unless `doors_at` is given.
    """

    performance: str
    starts_at: datetime | None = None
    doors_at: datetime | None = None
    without_doors_at: bool = False
    on_sale_at: datetime | None = None
    prices: tuple[Price, ...] | None = None
    limits: Mapping[str, int | None] | None = None
    sales: SalesState | None = None
    entry_rules: EntryRulesChange | None = None

    @property
    def changes_sale(self) -> bool:
        """Whether anything except the entry rules may change."""
        sale = (self.starts_at, self.doors_at, self.on_sale_at, self.prices, self.limits, self.sales)
        return self.without_doors_at or any(each is not None for each in sale)


def change(context: DecisionContext, command: ChangePerformance) -> Changes:
    """Record the fields that differ. Buyers may request refunds until the new start of a rescheduled performance.

    Raises:
        NotFound, PerformanceIsCancelled.
        Invalid: times in the wrong order, a new start in the past, or invalid prices.
        PerformanceStarted: it began too long ago; only the entry rules can still change.
    """
    state = require_not_cancelled(context, command.performance)
    if command.changes_sale:
        check_changeable(context, state)
    events = [
        *time_events(context, state, command),
        *price_events(state, command),
        *sales_events(state, command),
        *entry_rules_events(state, command),
    ]
    return {PERFORMANCE.stream(command.performance): events} if events else {}


def check_changeable(context: DecisionContext, state: ScheduledPerformance) -> None:
    """Refuse a performance that began more than `CHANGES_AFTER_START_MAX` ago.

    Raises:
        PerformanceStarted: holds its start, and the time until which it could be changed.
    """
    until = state.starts_at + CHANGES_AFTER_START_MAX
    if context.deadline_passed(until):
        hours = CHANGES_AFTER_START_MAX // timedelta(hours=1)
        raise PerformanceStarted(
            f"The performance began more than {hours} hours ago; support can still refund orders with a reason.",
            starts_at=state.starts_at,
            changeable_until=until,
        )


def time_events(
    context: DecisionContext, state: ScheduledPerformance, command: ChangePerformance
) -> list[PerformanceEvent]:
    """Return the event with the new times; none if they are equal.

    Raises:
        Invalid: times in the wrong order, or a new start in the past.
    """
    starts_at = command.starts_at or state.starts_at
    doors_at = None if command.without_doors_at else command.doors_at or shifted_doors(state, starts_at)
    on_sale_at = command.on_sale_at or state.on_sale_at
    if (starts_at, doors_at, on_sale_at) == (state.starts_at, state.doors_at, state.on_sale_at):
        return []
    if starts_at != state.starts_at:
        check_start_ahead(context, starts_at)
    check_times(starts_at, doors_at, on_sale_at)
    return [PerformanceRescheduled(starts_at=starts_at, doors_at=doors_at, on_sale_at=on_sale_at)]


def shifted_doors(state: ScheduledPerformance, starts_at: datetime) -> datetime | None:
    """Return the opening of the doors, moved with the start so that the time between them stays the same."""
    return None if state.doors_at is None else starts_at - (state.starts_at - state.doors_at)


def price_events(state: ScheduledPerformance, command: ChangePerformance) -> list[PerformanceEvent]:
    """Return the events with the new prices and limits; none if they are equal."""
    events: list[PerformanceEvent] = []
    if command.prices is not None:
        check_prices(command.prices)
        if by_category(command.prices) != state.prices:
            events.append(PricesChanged(prices=command.prices))
    limits = replace(state.limits, **(command.limits or {}))
    if limits != state.limits:
        events.append(LimitsChanged(limits=limits))
    return events


def sales_events(state: ScheduledPerformance, command: ChangePerformance) -> list[PerformanceEvent]:
    """Return the event with the new sales state; none if it is equal."""
    if command.sales is None or command.sales is state.sales:
        return []
    events: dict[SalesState, PerformanceEvent] = {
        SalesState.OPEN: SalesResumed(),
        SalesState.PAUSED: SalesPaused(),
        SalesState.CLOSED: SalesClosed(),
    }
    return [events[command.sales]]


def entry_rules_events(state: ScheduledPerformance, command: ChangePerformance) -> list[PerformanceEvent]:
    """Return the event with the new entry rules; none if they are equal."""
    rules = state.entry_rules if command.entry_rules is None else command.entry_rules.applied_to(state.entry_rules)
    return [] if rules == state.entry_rules else [EntryRulesChanged(rules=rules)]


def cancel(context: DecisionContext, performance: str, reason: PerformanceCancelReason) -> Changes:
    """Cancel a performance; a second time records nothing.

    Raises:
        NotFound: no such performance.
        PerformanceStarted: it began too long ago.
    """
    state = require_performance(context, performance)
    if state.cancelled:
        return {}
    check_changeable(context, state)
    return {PERFORMANCE.stream(performance): [PerformanceCancelled(reason=reason)]}
