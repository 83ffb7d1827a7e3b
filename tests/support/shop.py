"""A small theatre on sale, for scenarios: six seats in two rows, and a standing area of eight places."""

from datetime import timedelta
from typing import Any

from uuid_utils.compat import uuid7

from domain.decisions.holding import HoldSeats
from domain.decisions.ordering import PlaceOrder, order_hold
from domain.decisions.paying import OpenPayment, capture
from domain.decisions.scheduling import cancel
from domain.decisions.seat_claims import AreaCandidates
from domain.decisions.settling import settle
from domain.event import EVENT, EventCreated, EventDetails, EventPublished
from domain.layout import Inventory, publish
from domain.layout.model import Area, Category, Draft, Row, Seat, Section
from domain.performance import PERFORMANCE, PerformanceScheduled
from domain.pricing import Choice
from domain.seat import SEAT
from domain.values import Limits, PerformanceCancelReason, Price
from tests.support.scenario import NOW, Scenario

PRICE = 4500
HOLD_LASTS = timedelta(minutes=10)
EXTENSION = timedelta(minutes=5)
SHOW, HAMLET, GLOBE = "show", "hamlet", "globe"
STARTS_AT = NOW + timedelta(days=30)
ROWS = tuple(
    Row(
        label=row,
        seats=tuple(Seat(label=str(n), category="A", x=n, y=y, source_id=f"{row}{n}") for n in (1, 2, 3)),
    )
    for y, row in enumerate("AB")
)
INVENTORY = Inventory(
    publish(
        Draft(
            categories=(Category(key="A", label="A", color="#a00"), Category(key="S", label="Standing", color="#0a0")),
            sections=(Section(label="Stalls", rows=ROWS),),
            areas=(Area(label="Pit", category="S", capacity=8, source_id="pit"),),
        )
    )
)
SEATS = INVENTORY.keys[: INVENTORY.seat_count]
STANDING = INVENTORY.keys[INVENTORY.seat_count :]
PIT = next(iter(INVENTORY.areas))


def performance_scheduled(**different: Any) -> PerformanceScheduled:
    """Return the announcement of a performance that is on sale; `different` fields of it."""
    fields: dict[str, Any] = {
        "event": SHOW,
        "organizer": GLOBE,
        "venue": "venue",
        "layout": "layout",
        "seats": len(INVENTORY),
        "currency": "EUR",
        "starts_at": STARTS_AT,
        "doors_at": None,
        "on_sale_at": NOW - timedelta(days=1),
        "prices": (Price(category="A", amount=PRICE), Price(category="S", amount=PRICE)),
        "limits": Limits(),
    }
    return PerformanceScheduled(**{**fields, **different})


def on_sale(**different: Any) -> Scenario:
    """Return a scenario with one performance on sale; `different` fields of its announcement."""
    created = EventCreated(organizer=GLOBE, venue="venue", details=EventDetails(title="Hamlet"))
    return (
        Scenario(inventory=INVENTORY)
        .given(EVENT.stream(SHOW), created, EventPublished())
        .given(PERFORMANCE.stream(HAMLET), performance_scheduled(**different))
    )


def seat_stream(key: str) -> str:
    """Return the name of a seat's stream."""
    return SEAT.stream(HAMLET, key)


def hold_command(
    hold: str,
    holder: str,
    *seats: str,
    standing: int = 0,
    candidates: tuple[str, ...] = STANDING,
    performance: str = HAMLET,
    duration: timedelta = HOLD_LASTS,
) -> HoldSeats:
    """Return the command that holds seats, and places of the standing area."""
    draws = (AreaCandidates(area=PIT, quantity=standing, candidates=candidates),) if standing else ()
    choices = tuple(Choice(seat=key) for key in seats)
    return HoldSeats(
        hold=hold, holder=holder, performance=performance, choices=choices, area_candidates=draws, duration=duration
    )


def with_hold(scenario: Scenario, hold: str, holder: str, *seats: str, standing: int = 0) -> Scenario:
    """Hold places."""
    return scenario.given_done(hold_command(hold, holder, *seats, standing=standing))


def with_order(scenario: Scenario, hold: str, holder: str) -> tuple[Scenario, str]:
    """Order a hold; return the order's id, too."""
    order = str(uuid7())
    return scenario.given_done(order_hold, PlaceOrder(order=order, account=holder, contact=None), hold=hold), order


def with_capture(
    scenario: Scenario, order: str, holder: str, *, amount: int, currency: str = "EUR"
) -> tuple[Scenario, str]:
    """Capture money for an order; return the payment's id, too. The capture is not decided."""
    payment = str(uuid7())
    opening = OpenPayment(payment=payment, order=order, account=holder, provider="sandbox")
    return (
        scenario.given_done(opening).given_done(
            capture, payment=payment, amount=amount, currency=currency, captured_at=scenario.now, source="webhook"
        ),
        payment,
    )


def with_paid_order(scenario: Scenario, hold: str, holder: str, *seats: str, standing: int = 0) -> tuple[Scenario, str]:
    """Hold, order and pay places; return the order's id, too."""
    scenario, order = with_order(with_hold(scenario, hold, holder, *seats, standing=standing), hold, holder)
    scenario, payment = with_capture(scenario, order, holder, amount=PRICE * (len(seats) + standing))
    return scenario.given_done(settle, payment=payment), order


def with_performance_cancelled(scenario: Scenario) -> Scenario:
    """Cancel the performance."""
    return scenario.given_done(cancel, performance=HAMLET, reason=PerformanceCancelReason.ILLNESS)
