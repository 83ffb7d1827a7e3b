"""What happens to seats, orders and money in the made-up log, as deeds of the real domain."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from bench.log.house import CURRENCY
from bench.log.opening import BUYER, STAFF
from bench.log.rehearsal import IDS, Actor, Rehearsal
from domain import (
    basket,
    blocking,
    entry,
    ordering,
    paying,
    refunding,
    settling,
)
from domain.basket import HoldSeats
from domain.blocking import BlockSeats
from domain.entry import ScanTicket
from domain.ordering import PlaceOrder
from domain.paying import OpenPayment
from domain.pricing import Choice
from domain.refunding import RequestRefund
from domain.ticket import RefusalReason
from domain.values import BlockReason, OrderCancelReason

HOLD_LASTS = timedelta(minutes=10)
SWEPT_AFTER = timedelta(seconds=2)
CHILD_FROM = 3
"""From so many people on, the last one is a child."""

RIVAL = Actor(kind="account", id=IDS["other"], role="customer")
SUPPORT = Actor(kind="account", id=IDS["staff"], role="support")
GATE = Actor(kind="account", id=IDS["staff"], role="entry_manager")
PROVIDER = Actor(kind="provider", id="sandbox")

Play = Callable[[Rehearsal], Awaitable[None]]


def rule(name: str) -> Actor:
    """Return the process that keeps a rule."""
    return Actor(kind="process", id=name)


def wish_of(play: Rehearsal, buyer: Actor, hold: str) -> HoldSeats:
    """Return somebody's wish for the rehearsed seats."""
    last = len(play.seats)
    choices = tuple(
        Choice(seat=seat, ticket_type="child" if number == last >= CHILD_FROM else "adult")
        for number, seat in enumerate(play.seats, start=1)
    )
    return HoldSeats(hold=hold, holder=buyer.id, performance=IDS["performance"], choices=choices, duration=HOLD_LASTS)


async def hold(play: Rehearsal, buyer: Actor = BUYER, name: str = "hold") -> None:
    """Fill a basket."""
    decide = partial(basket.hold_seats, command=wish_of(play, buyer, IDS[name]), inventory=play.house.inventory)
    await play.act(decide, buyer, route="POST /api/v1/holds")


async def order(play: Rehearsal) -> None:
    """Turn the basket into an order."""
    place = PlaceOrder(order=IDS["order"], account=BUYER.id, contact=IDS["contact"])
    await play.act(partial(ordering.order_hold, command=place, hold=IDS["hold"]), BUYER, route="POST /api/v1/orders")


async def book(play: Rehearsal) -> None:
    """Hold and order in one step."""
    place = PlaceOrder(order=IDS["order"], account=BUYER.id, contact=IDS["contact"])
    wish = wish_of(play, BUYER, IDS["hold"])
    decide = partial(ordering.hold_and_order, command=place, request=wish, inventory=play.house.inventory)
    await play.act(decide, BUYER, route="POST /api/v1/orders")


async def extend(play: Rehearsal) -> None:
    """Ask for more time."""
    decide = partial(basket.extend_hold, hold=IDS["hold"], holder=BUYER.id, by=HOLD_LASTS)
    await play.act(decide, BUYER, route="POST /api/v1/holds/{hold_id}/extend")


async def begin_to_pay(play: Rehearsal) -> None:
    """Open a payment and the provider's checkout."""
    play.wait(timedelta(seconds=41))
    wish = OpenPayment(payment=IDS["payment"], order=IDS["order"], account=BUYER.id, provider=PROVIDER.id)
    route = "POST /api/v1/orders/{order_id}/payments"
    await play.act(partial(paying.open_payment, command=wish), BUYER, route=route)
    opened = partial(paying.open_checkout, payment=IDS["payment"], checkout=IDS["payment"])
    await play.act(opened, BUYER, route=route)


async def pay(play: Rehearsal) -> None:
    """Pay what the order costs, and let the rule confirm it."""
    await begin_to_pay(play)
    play.wait(timedelta(seconds=73))
    total = await play.look(lambda context: ordering.require_visible_order(context, IDS["order"], None).total)
    taken = partial(paying.capture, amount=total, currency=CURRENCY, captured_at=play.now, source="webhook")
    await play.act(partial(taken, payment=IDS["payment"]), PROVIDER, route="POST /api/v1/webhooks/sandbox")
    settle = partial(settling.settle, payment=IDS["payment"])
    await play.act(settle, rule("settle_payments"), caused=True)


async def sweep(play: Rehearsal) -> None:
    """Let the deadline pass and the rule clear the basket away."""
    play.wait(HOLD_LASTS + SWEPT_AFTER)
    await play.act(partial(basket.expire_hold, hold=IDS["hold"]), rule("release_lapsed_holds"), caused=True)


async def bought_at_once(play: Rehearsal) -> None:
    """Book in one step and pay."""
    await book(play)
    await pay(play)


async def bought(play: Rehearsal) -> None:
    """Choose seats, order, pay."""
    await hold(play)
    play.wait(timedelta(seconds=95))
    await order(play)
    await pay(play)


async def bought_slowly(play: Rehearsal) -> None:
    """Ask for more time, then order and pay."""
    await hold(play)
    play.wait(timedelta(minutes=9))
    await extend(play)
    await order(play)
    await pay(play)


async def taken_over(play: Rehearsal) -> None:
    """Let a basket lapse and another buyer take its seats before anybody swept them."""
    await hold(play, RIVAL, "other_hold")
    play.wait(HOLD_LASTS)
    await hold(play)
    await order(play)
    await pay(play)


async def lapsed(play: Rehearsal) -> None:
    """Choose seats and think better of it."""
    await hold(play)
    await sweep(play)


async def not_paid(play: Rehearsal) -> None:
    """Order, open the checkout, and go away."""
    await book(play)
    await begin_to_pay(play)
    play.wait(HOLD_LASTS)
    await play.act(partial(paying.expire, payment=IDS["payment"]), rule("reconcile_payments"), caused=True)
    await sweep(play)


async def declined(play: Rehearsal) -> None:
    """Order, be refused by the card's bank, and cancel."""
    await book(play)
    await begin_to_pay(play)
    failed = partial(paying.fail, payment=IDS["payment"], reason="declined")
    await play.act(failed, PROVIDER, route="POST /api/v1/webhooks/sandbox")
    decide = partial(ordering.cancel_order, order=IDS["order"], account=BUYER.id, reason=OrderCancelReason.BUYER)
    await play.act(decide, BUYER, route="POST /api/v1/orders/{order_id}/cancel")


async def released(play: Rehearsal) -> None:
    """Choose seats and put them back."""
    await hold(play)
    play.wait(timedelta(seconds=50))
    decide = partial(basket.release_hold, hold=IDS["hold"], holder=BUYER.id)
    await play.act(decide, BUYER, route="DELETE /api/v1/holds/{hold_id}")


async def blocked(play: Rehearsal) -> None:
    """Let staff take seats off sale for three hours."""
    wish = BlockSeats(performance=IDS["performance"], seats=play.seats, reason=BlockReason.TECHNICAL, owner=STAFF.id)
    block = partial(blocking.block_seats, command=wish, inventory=play.house.inventory)
    await play.act(block, STAFF, route="POST /api/v1/performances/{performance_id}/blocks")
    play.wait(timedelta(hours=3))
    unblock = partial(
        blocking.unblock_seats,
        performance=IDS["performance"],
        seats=play.seats,
        inventory=play.house.inventory,
        reason=BlockReason.TECHNICAL,
    )
    await play.act(unblock, STAFF, route="DELETE /api/v1/performances/{performance_id}/blocks")


async def ask_back(play: Rehearsal) -> None:
    """Ask for the money of a whole order."""
    wish = RequestRefund(refund=IDS["refund"], order=IDS["order"], account=BUYER.id)
    decide = partial(refunding.request_refund, command=wish)
    await play.act(decide, BUYER, route="POST /api/v1/orders/{order_id}/refunds")
    play.wait(timedelta(hours=2))


async def refunded(play: Rehearsal) -> None:
    """Ask for the money, and get it."""
    await ask_back(play)
    decide = partial(refunding.approve_refund, refund=IDS["refund"], by=SUPPORT.id)
    await play.act(decide, SUPPORT, route="POST /api/v1/refunds/{refund_id}/approve")
    submit = partial(refunding.submit_refund, refund=IDS["refund"])
    await play.act(submit, rule("submit_refunds"), caused=True)
    play.wait(timedelta(seconds=3))
    done = partial(refunding.complete_refund, reference=IDS["refund"], provider_refund=f"sandbox-{IDS['refund']}")
    await play.act(done, rule("submit_refunds"), caused=True)


async def refused(play: Rehearsal) -> None:
    """Ask for the money in vain."""
    await ask_back(play)
    decide = partial(refunding.reject_refund, refund=IDS["refund"], by=SUPPORT.id)
    await play.act(decide, SUPPORT, route="POST /api/v1/refunds/{refund_id}/reject")


async def enter(play: Rehearsal) -> None:
    """Show every ticket of the order at the gate, one after the other."""
    tickets = await play.look(lambda context: ordering.require_visible_order(context, IDS["order"], None).tickets)
    for ticket in tickets.values():
        await scan(play, ticket)
        play.wait(timedelta(seconds=4))


async def turned_away(play: Rehearsal) -> None:
    """Show something unreadable at the gate."""
    await scan(play, None)


async def scan(play: Rehearsal, ticket: str | None) -> None:
    """Hold a ticket to the reader."""
    wish = ScanTicket(
        ticket=ticket,
        fault=None if ticket else RefusalReason.UNREADABLE,
        code_sha256="cd" * 32,
        gate="north",
        device=IDS["device"],
        nonce=ticket or IDS["contact"],
        organizers=frozenset({IDS["organizer"]}),
        override_window=True,
    )
    await play.act(partial(entry.scan_ticket, command=wish), GATE, route="POST /api/v1/scans")
