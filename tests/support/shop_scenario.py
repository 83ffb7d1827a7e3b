"""Builder of histories: real decisions on a log in memory."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

from uuid_utils.compat import uuid7

from domain import event, organizer, venue
from domain.decision import Changes, DecisionContext
from domain.decisions import blocking, entry, holding, ordering, paying, scheduling, settling
from domain.decisions.blocking import BlockSeats
from domain.decisions.disputes.dispute_exceptions import DisputeReport
from domain.decisions.entry import ScanTicket
from domain.decisions.ordering import PlaceOrder
from domain.decisions.paying import OpenPayment
from domain.decisions.reconciling import reconcile_entry
from domain.decisions.refunds import refunding
from domain.decisions.refunds.refunding import RequestRefund
from domain.decisions.resolving_exceptions import ResolveException, resolve_exception
from domain.decisions.scheduling import ChangePerformance
from domain.event import EventCreated, EventDetails
from domain.layout.formats.reading import read_layout
from domain.layout.inventory import Inventory
from domain.layout.publishing import publish
from domain.performance import PERFORMANCE, PerformanceScheduled
from domain.ports.payment_gateway import LedgerEntry
from domain.refund import transfer_reference
from domain.scan import scan_id
from domain.ticket import RefusalReason, RevertReason
from domain.values import BlockReason, Limits, OrderCancelReason, PerformanceCancelReason, Price, Role
from domain.venue import VenueDetails, VenueOpened
from eventstore.cache import StateCache
from eventstore.clock import FixedClock
from eventstore.command import CommandContext, Outcome
from eventstore.command_handler import CommandHandler
from tests.eventstore.doubles import RestorableStore
from tests.support.engine import ACTOR, START, Decide, command_handler
from tests.support.shop import HOLD_LASTS, hold_command

NO_LIMITS = Limits(seats_per_order=None, seats_per_buyer=None, live_holds_per_buyer=None)
HOUSE = read_layout(
    "grid",
    {
        "sections": [
            {"name": "Stalls", "category": "A", "rows": 3, "seats_per_row": 4},
            {"name": "Balcony", "category": "B", "rows": 2, "seats_per_row": 3},
        ]
    },
)
PRICES = (
    Price(category="A", amount=4500),
    Price(category="A", ticket_type="child", amount=2000),
    Price(category="B", amount=3000),
)


class ShopScenario:
    """One method per command; a method returns the ids that its command creates."""

    def __init__(self) -> None:
        self.clock = FixedClock(START)
        self.store = RestorableStore(now=self.clock.now)
        self.inventory = Inventory(publish(HOUSE, None))
        self.seats = list(self.inventory.keys)
        self._handler = self._new_handler()
        self._nonces = count(1)

    async def do(self, decide: Decide) -> Outcome:
        """Execute a decision as a command."""
        return await self._handler.handle(decide, CommandContext(command_id=uuid7(), actor=ACTOR))

    def forget(self) -> None:
        """Drop all caches, as after a restart."""
        self._handler = self._new_handler()

    def _new_handler(self) -> CommandHandler:
        return command_handler(self.store, self.clock, cache=StateCache())

    def as_one_command(self) -> Callable[[Decide], Awaitable[Outcome]]:
        """Return a function that executes every decision under the same command id."""
        context = CommandContext(command_id=uuid7(), actor=ACTOR)
        return lambda decide: self._handler.handle(decide, context)

    def wait(self, by: timedelta) -> None:
        """Advance the clock."""
        self.clock.advance(by)

    async def found(self, name: str = "The Globe") -> str:
        """Found an organizer."""
        founded = str(uuid7())
        await self.do(lambda context: organizer.found_organizer(context, founded, name))
        return founded

    async def give_roles(self, organizer_id: str, account: str, *roles: Role) -> None:
        """Set an account's roles in an organizer; no roles end the membership."""
        await self.do(lambda context: organizer.change_member(context, organizer_id, account, frozenset(roles)))

    async def open_venue(
        self,
        organizer_id: str,
        name: str = "Divadlo Josefa Škvoreckého",
        city: str = "Náchod",
        time_zone: str = "Europe/Prague",
    ) -> str:
        """Open a venue."""
        opened = str(uuid7())
        command = VenueOpened(
            organizer=organizer_id,
            details=VenueDetails(
                name=name,
                address="Masarykovo náměstí 1",
                city=city,
                country="CZ",
                time_zone=time_zone,
            ),
        )
        await self.do(lambda context: venue.open_venue(context, opened, command))
        return opened

    async def publish_layout(self, venue_id: str) -> str:
        """Publish a layout of a venue."""
        layout = str(uuid7())
        publishing = partial(
            venue.publish_layout,
            venue=venue_id,
            layout=layout,
            name="Main hall",
            seats=len(self.seats),
            document_sha256="ab" * 32,
        )
        await self.do(publishing)
        return layout

    async def create(
        self, organizer_id: str, venue_id: str, title: str = "Hamlet", category: str = "Theatre", text: str = ""
    ) -> str:
        """Draft an event."""
        created = str(uuid7())
        details = EventDetails(title=title, category=category, description=text)
        command = EventCreated(organizer=organizer_id, venue=venue_id, details=details)
        await self.do(lambda context: event.create(context, created, command))
        return created

    async def describe(self, event_id: str, title: str, category: str = "Theatre") -> None:
        """Change an event's details."""
        details = EventDetails(title=title, category=category, image_url="https://example.test/hamlet.jpg")
        await self.do(lambda context: event.change(context, event_id, details))

    async def publish(self, event_id: str) -> None:
        """Publish an event."""
        await self.do(lambda context: event.publish(context, event_id))

    async def delete(self, event_id: str, *, booked: bool) -> None:
        """Close an event for deletion, and archive it unless it has bookings."""
        await self.do(lambda context: event.close_for_deletion(context, event_id))

        def finish(context: DecisionContext) -> Changes:
            closing = event.require_event(context, event_id).closings
            return event.finish_deletion(context, event_id, closing=closing, booked=booked)

        await self.do(finish)

    async def schedule(
        self,
        organizer_id: str,
        venue_id: str,
        event_id: str,
        *,
        starts_in: timedelta = timedelta(days=30),
        layout: str | None = None,
        prices: tuple[Price, ...] = PRICES,
    ) -> str:
        """Schedule a performance that is on sale; one in the past was scheduled before its start."""
        scheduled = str(uuid7())
        command = PerformanceScheduled(
            event=event_id,
            organizer=organizer_id,
            venue=venue_id,
            layout=layout or str(uuid7()),
            seats=len(self.seats),
            currency="EUR",
            starts_at=self.clock.now() + starts_in,
            doors_at=None,
            on_sale_at=START - timedelta(days=1),
            prices=prices,
            limits=NO_LIMITS,
        )
        past: Changes = {PERFORMANCE.stream(scheduled): [command]}
        ahead = command.starts_at > self.clock.now()
        await self.do(lambda context: scheduling.schedule(context, scheduled, command) if ahead else past)
        return scheduled

    async def move_venue(self, venue_id: str, time_zone: str) -> None:
        """Change a venue's time zone."""

        def corrected(context: DecisionContext) -> Changes:
            details = venue.require_venue(context, venue_id).details
            return venue.change_venue(context, venue_id, replace(details, time_zone=time_zone))

        await self.do(corrected)

    async def open_shop(self, time_zone: str = "Europe/Prague") -> tuple[str, str]:
        """Create organizer, venue, layout, event and performance; return event and performance, on sale."""
        organizer_id = await self.found()
        venue_id = await self.open_venue(organizer_id, time_zone=time_zone)
        event_id = await self.create(organizer_id, venue_id)
        await self.publish(event_id)
        return event_id, await self.schedule(organizer_id, venue_id, event_id)

    async def change(self, performance: str, **wishes: Any) -> None:
        """Change time, prices, limits or sales of a performance."""
        await self.do(lambda context: scheduling.change(context, ChangePerformance(performance=performance, **wishes)))

    async def call_off(self, performance: str) -> None:
        """Cancel a performance."""
        await self.do(lambda context: scheduling.cancel(context, performance, PerformanceCancelReason.ILLNESS))

    async def block(self, performance: str, *seats: str, release_at: datetime | None = None) -> None:
        """Block seats."""
        command = BlockSeats(
            performance=performance, seats=seats, reason=BlockReason.HOUSE, owner="staff", release_at=release_at
        )
        await self.do(lambda context: blocking.block_seats(context, command, self.inventory))

    async def unblock(self, performance: str, *seats: str) -> None:
        """Unblock seats."""
        await self.do(
            lambda context: blocking.unblock_seats(
                context, performance=performance, seats=seats, inventory=self.inventory
            )
        )

    async def hold(self, performance: str, buyer: str, *seats: str) -> str:
        """Hold seats."""
        command = hold_command(str(uuid7()), buyer, *seats, performance=performance)
        await self.do(lambda context: holding.hold_seats(context, command, self.inventory))
        return command.hold

    async def extend(self, hold: str, buyer: str) -> None:
        """Extend a hold."""
        await self.do(lambda context: holding.extend_hold(context, hold=hold, holder=buyer, by=HOLD_LASTS))

    async def release(self, hold: str, buyer: str) -> None:
        """Release a hold."""
        await self.do(lambda context: holding.release_hold(context, hold=hold, holder=buyer))

    async def sweep(self, hold: str) -> None:
        """Expire a lapsed hold."""
        await self.do(lambda context: holding.expire_hold(context, hold=hold))

    async def order(self, hold: str, buyer: str) -> str:
        """Order a hold."""
        place = PlaceOrder(order=str(uuid7()), account=buyer, contact=None)
        await self.do(lambda context: ordering.order_hold(context, place, hold=hold))
        return place.order

    async def book(self, performance: str, buyer: str, *seats: str) -> tuple[str, str]:
        """Hold and order in one step; return the order and its hold."""
        command = hold_command(str(uuid7()), buyer, *seats, performance=performance)
        place = PlaceOrder(order=str(uuid7()), account=buyer, contact=str(uuid7()))
        await self.do(lambda context: ordering.hold_and_order(context, place, command, self.inventory))
        return place.order, command.hold

    async def cancel(self, order: str) -> None:
        """Cancel an unpaid order."""
        await self.do(partial(ordering.cancel_order, order=order, account=None, reason=OrderCancelReason.BUYER))

    async def open_payment(self, order: str, buyer: str) -> str:
        """Request a payment."""
        command = OpenPayment(payment=str(uuid7()), order=order, account=buyer, provider="sandbox")
        await self.do(lambda context: paying.open_payment(context, command))
        await self.do(partial(paying.open_checkout, payment=command.payment, checkout="c-1"))
        return command.payment

    async def fail_payment(self, payment: str) -> None:
        """Record a failed payment."""
        await self.do(partial(paying.fail, payment=payment, reason="declined"))

    async def capture(self, payment: str, amount: int) -> None:
        """Record a capture, and settle the payment."""
        now = self.clock.now()
        taken = partial(paying.capture, amount=amount, currency="EUR", captured_at=now, source="webhook")
        await self.do(partial(taken, payment=payment))
        await self.do(partial(settling.settle, payment=payment))

    async def dispute(self, payment: str, step: Callable[..., Changes], amount: int, *, currency: str = "EUR") -> None:
        """Record a step of a dispute."""
        report = DisputeReport(
            payment=payment,
            dispute="dp_1",
            amount=amount,
            currency=currency,
            at=self.clock.now(),
            source="webhook",
        )
        await self.do(partial(step, fact=report))

    async def compare(self, entry: LedgerEntry) -> None:
        """Reconcile an entry of the provider's ledger."""
        await self.do(partial(reconcile_entry, entry=entry, provider="sandbox"))

    async def resolve(self, command: ResolveException) -> None:
        """Resolve an exception."""
        await self.do(partial(resolve_exception, command=command))

    async def buy(self, performance: str, buyer: str, *seats: str) -> str:
        """Hold, order and pay seats."""
        order, _ = await self.book(performance, buyer, *seats)
        payment = await self.open_payment(order, buyer)
        await self.capture(payment, await self.total(order))
        return order

    async def total(self, order: str) -> int:
        """Return an order's total."""
        total: int = await self._handler.query(
            lambda context: ordering.require_visible_order(context, order, None).total
        )
        return total

    async def tickets(self, order: str) -> list[str]:
        """Return an order's tickets, by line."""
        found = await self._handler.query(lambda context: ordering.require_visible_order(context, order, None).tickets)
        return list(found.values())

    async def request_refund(self, order: str, lines: tuple[str, ...] | None = None) -> str:
        """Request a refund."""
        command = RequestRefund(refund=str(uuid7()), order=order, account=None, lines=lines)
        await self.do(lambda context: refunding.request_refund(context, command))
        return command.refund

    async def approve(self, refund: str) -> None:
        """Approve a refund."""
        await self.do(partial(refunding.approve_refund, refund=refund, by="support"))

    async def reject(self, refund: str) -> None:
        """Reject a refund."""
        await self.do(partial(refunding.reject_refund, refund=refund, by="support"))

    async def pay_back(self, refund: str, *, fails: bool = False) -> None:
        """Complete a refund, at the first or the second attempt."""
        await self.do(partial(refunding.submit_refund, refund=refund))
        if fails:
            await self.do(partial(refunding.fail_refund, reference=refund, reason="try_later"))
            await self.do(partial(refunding.submit_refund, refund=refund))
        reference = transfer_reference(refund, 2 if fails else 1)
        await self.do(partial(refunding.complete_refund, reference=reference, provider_refund="r-1"))

    async def scan(self, ticket: str | None, organizer_id: str) -> str:
        """Scan a ticket at the north gate; return the scan's id."""
        command = ScanTicket(
            ticket=ticket,
            fault=None if ticket else RefusalReason.UNREADABLE,
            code_sha256="cd" * 32,
            gate="north",
            device=str(uuid7()),
            nonce=str(next(self._nonces)),
            organizers=frozenset({organizer_id}),
            override_window=True,
        )
        await self.do(lambda context: entry.scan_ticket(context, command))
        return scan_id(command.device, command.nonce)

    async def revert(self, scan: str) -> None:
        """Revert an entry."""
        await self.do(partial(entry.revert_entry, scan=scan, reason=RevertReason.SCANNED_BY_MISTAKE))
