"""Every event that concerns a seat, money or entry has a description."""

from collections.abc import Sequence
from typing import get_args

import pytest

from audit.descriptions import describe, description_of
from audit.descriptions.describers import DESCRIBERS, plain_name
from audit.descriptions.formatting import REASONS
from audit.seat_timeline import DEADLINES, STATES
from domain import buyer_quota, device, dispute, hold, money_exception, order, payment, refund, scan, seat, ticket
from domain.event_registry import EVENTS, VERSIONS
from domain.values import BlockReason, OrderCancelReason, PerformanceCancelReason, RefundReason, ReleaseReason
from eventstore.store import RecordedEvent
from tests.golden import Golden, golden_files
from tests.support.engine import CODEC

TOLD = (seat, hold, buyer_quota, order, payment, dispute, refund, ticket, money_exception, scan, device)


def test_every_event_of_a_seat_an_order_a_payment_a_refund_or_a_ticket_has_a_describer() -> None:
    modules = {module.__name__ for module in TOLD}
    assert {kind for kind in EVENTS.values() if kind.__module__ in modules} == set(DESCRIBERS)


@pytest.mark.parametrize("golden", golden_files(), ids=lambda golden: f"{golden.name}.v{golden.version}")
def test_every_stored_event_has_a_sentence(golden: Golden) -> None:
    assert describe(CODEC.decode(golden.name, golden.version, golden.stored)).endswith(".")


def test_every_reason_has_a_phrase() -> None:
    for reasons in (
        ReleaseReason,
        RefundReason,
        OrderCancelReason,
        PerformanceCancelReason,
        BlockReason,
        ticket.RefusalReason,
        ticket.RevertReason,
    ):
        assert {reason.value for reason in reasons} <= REASONS.keys()


def test_every_event_of_a_seat_has_a_state() -> None:
    names = {name for name, kind in EVENTS.items() if kind in get_args(seat.SeatEvent)}
    assert STATES.keys() == names
    for name, field in DEADLINES.items():
        assert VERSIONS[name] == 1, "its stored field is read as it is: teach seat_history.py the other versions"
        assert field in EVENTS[name].__dataclass_fields__  # type: ignore[attr-defined]


def test_every_event_of_a_history_has_a_sentence(log: Sequence[RecordedEvent]) -> None:
    told = {event.name: description_of(event, CODEC) for event in log}
    assert len(told) > 40
    for words in told.values():
        assert words.endswith(".")
        assert words[0].isupper() or words[0].isdigit()
        assert "None" not in words


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (
            seat.SeatReleased(hold="h1", reason=ReleaseReason.LAPSED),
            "Released from hold h1 because its deadline had passed.",
        ),
        (
            seat.SeatReturned(order="o1", reason=RefundReason.BUYER_REQUEST),
            "Returned from order o1 at the buyer's request.",
        ),
        (seat.SeatSold(order="o1", ticket="t1"), "Sold in order o1 with ticket t1."),
        (order.OrderExpired(), "The order expired: the payment deadline had passed."),
    ],
)
def test_words(event: object, words: str) -> None:
    assert describe(event) == words


def test_an_undecodable_event_is_described_by_its_name(log: Sequence[RecordedEvent]) -> None:
    strange = log[0]._replace(name="SeatPainted", data="{}")
    assert description_of(strange, CODEC) == "Seat painted. This program cannot decode its data."
    assert plain_name("VenueOpened") == "Venue opened."
