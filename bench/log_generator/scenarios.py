"""The scenarios of the generated log: what happens to seats, orders and money, as commands of the real domain."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from bench.log_generator.setup import BUYER, STAFF
from bench.log_generator.template_recorder import IDS, Actor, TemplateRecorder
from bench.log_generator.venue import CURRENCY
from domain.decisions import blocking, entry, holding, ordering, paying, settling
from domain.decisions.blocking import BlockSeats
from domain.decisions.entry import ScanTicket
from domain.decisions.holding import HoldSeats
from domain.decisions.ordering import PlaceOrder
from domain.decisions.paying import OpenPayment
from domain.decisions.refunds import refunding
from domain.decisions.refunds.refunding import RequestRefund
from domain.pricing import Choice
from domain.ticket import RefusalReason
from domain.values import BlockReason, OrderCancelReason

HOLD_LASTS = timedelta(minutes=10)
SWEPT_AFTER = timedelta(seconds=2)
CHILD_FROM = 3
"""In a group of at least this size the last person is a child."""

RIVAL = Actor(kind="account", id=IDS["other"], role="customer")
SUPPORT = Actor(kind="account", id=IDS["staff"], role="support")
GATE = Actor(kind="account", id=IDS["staff"], role="entry_manager")
PROVIDER = Actor(kind="provider", id="sandbox")

ScenarioFn = Callable[[TemplateRecorder], Awaitable[None]]


def rule(name: str) -> Actor:
    """Return the actor of a process."""
    return Actor(kind="process", id=name)


def hold_command(recorder: TemplateRecorder, buyer: Actor, hold: str) -> HoldSeats:
    """Return the command that holds the recorder's seats for a buyer."""
    last = len(recorder.seats)
    choices = tuple(
        Choice(seat=seat, ticket_type="child" if number == last >= CHILD_FROM else "adult")
        for number, seat in enumerate(recorder.seats, start=1)
    )
    return HoldSeats(hold=hold, holder=buyer.id, performance=IDS["performance"], choices=choices, duration=HOLD_LASTS)


async def hold(recorder: TemplateRecorder, buyer: Actor = BUYER, name: str = "hold") -> None:
    """Hold seats."""
    decide = partial(
        holding.hold_seats, command=hold_command(recorder, buyer, IDS[name]), inventory=recorder.house.inventory
    )
    await recorder.record(decide, buyer, route="POST /api/v1/holds")


async def order(recorder: TemplateRecorder) -> None:
    """Order the held seats."""
    place = PlaceOrder(order=IDS["order"], account=BUYER.id, contact=IDS["contact"])
    await recorder.record(
        partial(ordering.order_hold, command=place, hold=IDS["hold"]), BUYER, route="POST /api/v1/orders"
    )


async def book(recorder: TemplateRecorder) -> None:
    """Hold and order in one step."""
    place = PlaceOrder(order=IDS["order"], account=BUYER.id, contact=IDS["contact"])
    wish = hold_command(recorder, BUYER, IDS["hold"])
    decide = partial(ordering.hold_and_order, command=place, request=wish, inventory=recorder.house.inventory)
    await recorder.record(decide, BUYER, route="POST /api/v1/orders")


async def extend(recorder: TemplateRecorder) -> None:
    """Extend the hold."""
    decide = partial(holding.extend_hold, hold=IDS["hold"], holder=BUYER.id, by=HOLD_LASTS)
    await recorder.record(decide, BUYER, route="POST /api/v1/holds/{hold_id}/extend")


async def begin_to_pay(recorder: TemplateRecorder) -> None:
    """Start a payment and open the provider's checkout."""
    recorder.wait(timedelta(seconds=41))
    wish = OpenPayment(payment=IDS["payment"], order=IDS["order"], account=BUYER.id, provider=PROVIDER.id)
    route = "POST /api/v1/orders/{order_id}/payments"
    await recorder.record(partial(paying.open_payment, command=wish), BUYER, route=route)
    opened = partial(paying.open_checkout, payment=IDS["payment"], checkout=IDS["payment"])
    await recorder.record(opened, BUYER, route=route)


async def pay(recorder: TemplateRecorder) -> None:
    """Pay the order's total, and let the process confirm it."""
    await begin_to_pay(recorder)
    recorder.wait(timedelta(seconds=73))
    total = await recorder.query(lambda context: ordering.require_visible_order(context, IDS["order"], None).total)
    taken = partial(paying.capture, amount=total, currency=CURRENCY, captured_at=recorder.now, source="webhook")
    await recorder.record(partial(taken, payment=IDS["payment"]), PROVIDER, route="POST /api/v1/webhooks/sandbox")
    settle = partial(settling.settle, payment=IDS["payment"])
    await recorder.record(settle, rule("settle_payments"), caused=True)


async def sweep(recorder: TemplateRecorder) -> None:
    """Let the hold's deadline pass, and the process release the hold."""
    recorder.wait(HOLD_LASTS + SWEPT_AFTER)
    await recorder.record(partial(holding.expire_hold, hold=IDS["hold"]), rule("release_lapsed_holds"), caused=True)


async def buy_at_once(recorder: TemplateRecorder) -> None:
    """Book in one step, then pay."""
    await book(recorder)
    await pay(recorder)


async def buy(recorder: TemplateRecorder) -> None:
    """Hold, order and pay."""
    await hold(recorder)
    recorder.wait(timedelta(seconds=95))
    await order(recorder)
    await pay(recorder)


async def buy_slowly(recorder: TemplateRecorder) -> None:
    """Hold, extend, order and pay."""
    await hold(recorder)
    recorder.wait(timedelta(minutes=9))
    await extend(recorder)
    await order(recorder)
    await pay(recorder)


async def lapse_and_rebook(recorder: TemplateRecorder) -> None:
    """Let a hold lapse, and another buyer hold its seats before the process releases them."""
    await hold(recorder, RIVAL, "other_hold")
    recorder.wait(HOLD_LASTS)
    await hold(recorder)
    await order(recorder)
    await pay(recorder)


async def let_lapse(recorder: TemplateRecorder) -> None:
    """Hold seats and let the hold lapse."""
    await hold(recorder)
    await sweep(recorder)


async def leave_unpaid(recorder: TemplateRecorder) -> None:
    """Order, open the checkout, and do not pay."""
    await book(recorder)
    await begin_to_pay(recorder)
    recorder.wait(HOLD_LASTS)
    await recorder.record(partial(paying.expire, payment=IDS["payment"]), rule("reconcile_payments"), caused=True)
    await sweep(recorder)


async def fail_payment(recorder: TemplateRecorder) -> None:
    """Order, have the payment declined, and cancel."""
    await book(recorder)
    await begin_to_pay(recorder)
    failed = partial(paying.fail, payment=IDS["payment"], reason="declined")
    await recorder.record(failed, PROVIDER, route="POST /api/v1/webhooks/sandbox")
    decide = partial(ordering.cancel_order, order=IDS["order"], account=BUYER.id, reason=OrderCancelReason.BUYER)
    await recorder.record(decide, BUYER, route="POST /api/v1/orders/{order_id}/cancel")


async def release(recorder: TemplateRecorder) -> None:
    """Hold seats and release them."""
    await hold(recorder)
    recorder.wait(timedelta(seconds=50))
    decide = partial(holding.release_hold, hold=IDS["hold"], holder=BUYER.id)
    await recorder.record(decide, BUYER, route="DELETE /api/v1/holds/{hold_id}")


async def block_and_unblock(recorder: TemplateRecorder) -> None:
    """Block seats for three hours."""
    wish = BlockSeats(
        performance=IDS["performance"], seats=recorder.seats, reason=BlockReason.TECHNICAL, owner=STAFF.id
    )
    block = partial(blocking.block_seats, command=wish, inventory=recorder.house.inventory)
    await recorder.record(block, STAFF, route="POST /api/v1/performances/{performance_id}/blocks")
    recorder.wait(timedelta(hours=3))
    unblock = partial(
        blocking.unblock_seats,
        performance=IDS["performance"],
        seats=recorder.seats,
        inventory=recorder.house.inventory,
        reason=BlockReason.TECHNICAL,
    )
    await recorder.record(unblock, STAFF, route="DELETE /api/v1/performances/{performance_id}/blocks")


async def request_refund(recorder: TemplateRecorder) -> None:
    """Request a refund of a whole order."""
    wish = RequestRefund(refund=IDS["refund"], order=IDS["order"], account=BUYER.id)
    decide = partial(refunding.request_refund, command=wish)
    await recorder.record(decide, BUYER, route="POST /api/v1/orders/{order_id}/refunds")
    recorder.wait(timedelta(hours=2))


async def refund(recorder: TemplateRecorder) -> None:
    """Request a refund, which is completed."""
    await request_refund(recorder)
    decide = partial(refunding.approve_refund, refund=IDS["refund"], by=SUPPORT.id)
    await recorder.record(decide, SUPPORT, route="POST /api/v1/refunds/{refund_id}/approve")
    submit = partial(refunding.submit_refund, refund=IDS["refund"])
    await recorder.record(submit, rule("submit_refunds"), caused=True)
    recorder.wait(timedelta(seconds=3))
    done = partial(refunding.complete_refund, reference=IDS["refund"], provider_refund=f"sandbox-{IDS['refund']}")
    await recorder.record(done, rule("submit_refunds"), caused=True)


async def reject_refund(recorder: TemplateRecorder) -> None:
    """Request a refund, which is rejected."""
    await request_refund(recorder)
    decide = partial(refunding.reject_refund, refund=IDS["refund"], by=SUPPORT.id)
    await recorder.record(decide, SUPPORT, route="POST /api/v1/refunds/{refund_id}/reject")


async def enter(recorder: TemplateRecorder) -> None:
    """Scan every ticket of the order at the gate."""
    tickets = await recorder.query(lambda context: ordering.require_visible_order(context, IDS["order"], None).tickets)
    for ticket in tickets.values():
        await scan(recorder, ticket)
        recorder.wait(timedelta(seconds=4))


async def reject_scan(recorder: TemplateRecorder) -> None:
    """Scan an unreadable code at the gate."""
    await scan(recorder, None)


async def scan(recorder: TemplateRecorder, ticket: str | None) -> None:
    """Scan a ticket."""
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
    await recorder.record(partial(entry.scan_ticket, command=wish), GATE, route="POST /api/v1/scans")
