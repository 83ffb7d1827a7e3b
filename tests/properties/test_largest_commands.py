"""The largest commands there are fit into one append: full baskets, labels as long as they may be."""

from functools import partial
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from domain.decisions import blocking, ordering, paying, settling
from domain.decisions.refunds import refunding
from domain.layout.formats.reading import read_layout
from domain.layout.inventory import Inventory
from domain.layout.model import LABEL_LENGTH_MAX, Attribute
from domain.layout.publishing import publish
from domain.values import SEATS_PER_BLOCK_MAX, SEATS_PER_HOLD_MAX, BlockReason, Limits, OrderCancelReason
from eventstore.clock import FixedClock
from eventstore.memory import MemoryStore
from eventstore.store import EVENT_BYTES_MAX
from tests.support.audited_scenario import AuditedScenario
from tests.support.engine import START, ScriptedCommand
from tests.support.shop import HOLD_LASTS

BASKET_BYTES_MIN = 60 * 1024
"""Less would not be the largest basket there is."""

NO_LIMITS = Limits(seats_per_order=None, seats_per_buyer=None, live_holds_per_buyer=None)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture
async def scenario(clock: FixedClock) -> AuditedScenario:
    scenario = AuditedScenario(MemoryStore(now=clock.now), clock, cache_size=1_000)
    scenario.inventory = Inventory(publish(read_layout("seatledger", wordy_layout()), None))
    scenario.seats = scenario.inventory.keys
    await scenario.open(limits=NO_LIMITS)
    return scenario


def wordy_layout() -> dict[str, Any]:
    """Return a layout that uses all the room for labels, with as many seats as can be named at once."""
    seats = [
        {
            "id": f"s{number}",
            "label": long_label(number),
            "category": "wordy",
            "x": float(number),
            "y": 0.0,
            "attributes": list(Attribute),
        }
        for number in range(SEATS_PER_BLOCK_MAX)
    ]
    return {
        "format": "seatledger-layout-1",
        "name": "Wordy",
        "categories": [{"key": "wordy", "label": long_label(0), "color": "#336699"}],
        "sections": [{"label": long_label(0), "rows": [{"label": long_label(0), "seats": seats}]}],
        "areas": [],
    }


def long_label(number: int) -> str:
    """Return a label as long as labels may be."""
    digits = str(number)
    return digits + "\U0001f3ad" * (LABEL_LENGTH_MAX - len(digits))


async def paid_late(scenario: AuditedScenario, clock: FixedClock, order: str) -> str:
    """Pay an order after its deadline; the money is there, and not decided yet."""
    payment = str(uuid7())
    command = paying.OpenPayment(payment=payment, order=order, account="ann", provider="sandbox")
    await scenario.do(ScriptedCommand(partial(paying.open_payment, command=command)))
    clock.advance(HOLD_LASTS)
    state = await scenario.handler.query(lambda context: paying.require_payment(context, payment))
    capture = partial(paying.capture, payment=payment, amount=state.amount, currency=state.currency)
    await scenario.do(ScriptedCommand(partial(capture, captured_at=scenario.clock.now(), source="webhook")))
    return payment


async def test_given_a_full_basket_then_it_is_sold_late_and_given_back(
    scenario: AuditedScenario, clock: FixedClock
) -> None:
    seats = scenario.seats[:SEATS_PER_HOLD_MAX]
    await scenario.do(scenario.hold("bob", seats)[1])
    clock.advance(HOLD_LASTS)
    order, command = scenario.one_step("ann", seats)
    await scenario.do(command)
    payment = await paid_late(scenario, clock, order)
    await scenario.do(ScriptedCommand(partial(settling.settle, payment=payment)))
    refund = refunding.RequestRefund(refund=str(uuid7()), order=order, account="ann")
    await scenario.do(ScriptedCommand(partial(refunding.request_refund, command=refund)))
    await scenario.do(ScriptedCommand(partial(refunding.approve_refund, refund=refund.refund, by="support")))
    largest = max(len(event.data.encode()) for event in await scenario.store.read_range(after=0, limit=10_000))
    assert BASKET_BYTES_MIN < largest <= EVENT_BYTES_MAX


async def test_given_a_full_basket_then_it_is_cancelled(scenario: AuditedScenario) -> None:
    order, command = scenario.one_step("ann", scenario.seats[:SEATS_PER_HOLD_MAX])
    await scenario.do(command)
    cancel = partial(ordering.cancel_order, order=order, account="ann", reason=OrderCancelReason.BUYER)
    assert (await scenario.do(ScriptedCommand(cancel))).events


async def test_given_as_many_lapsed_seats_as_can_be_named_then_they_are_blocked(
    scenario: AuditedScenario, clock: FixedClock
) -> None:
    for begin in range(0, SEATS_PER_BLOCK_MAX, SEATS_PER_HOLD_MAX):
        await scenario.do(scenario.hold(f"buyer-{begin}", scenario.seats[begin : begin + SEATS_PER_HOLD_MAX])[1])
    clock.advance(HOLD_LASTS)
    command = blocking.BlockSeats(
        performance=scenario.performance, seats=tuple(scenario.seats), reason=BlockReason.HOUSE, owner="staff"
    )
    outcome = await scenario.do(
        ScriptedCommand(partial(blocking.block_seats, command=command, inventory=scenario.inventory))
    )
    assert len(outcome.events) == 2 * SEATS_PER_BLOCK_MAX
