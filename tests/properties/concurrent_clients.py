"""Many clients at once, their commands taken apart: each loads and decides at one moment and appends at another.

Between the two others append, clients crash, answers are lost and commands are sent again; so decisions are outdated
all the time, and only the append's judgement stands between them and a double sale.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from uuid_utils.compat import uuid7

from domain.decisions import blocking, entry, holding, ordering, paying, settling
from domain.decisions.refunds import refunding
from domain.errors import Rejected
from domain.order import OrderConfirmed, OrderPlaced
from domain.payment import PaymentCaptured, PaymentRequested
from domain.refund import RefundRequested
from domain.values import BlockReason, Limits, OrderCancelReason
from eventstore.command import DecidedCommand
from eventstore.store import Conflict, Verdict
from tests.properties.async_state_machine import AsyncStateMachine
from tests.support.audited_scenario import BUYERS, AuditedScenario
from tests.support.engine import ScriptedCommand
from tests.support.shop import HOLD_LASTS

Answer = TypeVar("Answer")

CLIENTS = 8
OUTDATED_MIN = 6
"""Nobody appends before so many have decided: so most decisions are outdated when their turn comes."""

SEATS_FOUGHT_FOR = 3
AT_ONCE = timedelta(0)
EXTENSION = timedelta(minutes=5)


@dataclass(slots=True, repr=False)
class Client:
    """One client: the process it talks to, the command it carries, and what it decided some time ago."""

    process: int
    wish: ScriptedCommand | None = None
    attempt: DecidedCommand | None = None


@dataclass(slots=True)
class Known:
    """The ids everybody can name, in the order they came up."""

    holds: list[tuple[str, str]] = field(default_factory=list)
    orders: list[tuple[str, str]] = field(default_factory=list)
    payments: list[str] = field(default_factory=list)
    captured: list[str] = field(default_factory=list)
    confirmed: list[tuple[str, str]] = field(default_factory=list)
    tickets: list[str] = field(default_factory=list)
    refunds: list[str] = field(default_factory=list)


class ConcurrentClients(AsyncStateMachine):
    """Clients that fight over three seats. Subclasses say on which store."""

    cache_size: ClassVar[int] = 1_000
    processes: ClassVar[int] = 1
    appends: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.world = self.run(self.make_scenario())
        self.clients = [Client(number % self.processes) for number in range(CLIENTS)]
        self.known = Known()

    async def make_scenario(self) -> AuditedScenario:
        """Return an engine on an empty store."""
        raise NotImplementedError

    def teardown(self) -> None:
        self.run(self.world.settle_all())
        self.run(self.leave())
        super().teardown()

    async def leave(self) -> None:
        """Let go of what `make_scenario` opened."""

    @initialize()
    def open(self) -> None:
        limits = Limits(seats_per_order=None, seats_per_buyer=4, live_holds_per_buyer=3)
        self.run(self.world.open(limits=limits))

    @rule(who=st.integers(0, CLIENTS - 1), data=st.data())
    def decide(self, who: int, data: st.DataObject) -> None:
        """Load and decide, for a new command or the one the client still carries."""
        client = self.clients[who]
        if client.wish is None:
            client.wish = self.draw_command(data)
        client.attempt = self.run(self.world.prepare(client.wish, process=client.process))

    @precondition(lambda self: sum(client.attempt is not None for client in self.clients) >= OUTDATED_MIN)
    @rule(data=st.data(), fate=st.sampled_from(["answered"] * 5 + ["answer lost", "crashed before", "crashed after"]))
    def append(self, data: st.DataObject, fate: str) -> None:
        """Send what some client decided, whatever has happened since."""
        client = self.clients[data.draw(st.sampled_from(self.decided()), label="client")]
        assert client.attempt is not None
        assert client.wish is not None
        attempt, command = client.attempt, client.wish
        client.attempt = None
        if fate == "crashed before":
            client.wish = None
            return
        verdict = self.run(self.world.append(attempt))
        self.note(attempt, verdict)
        match fate:
            case "crashed after":
                client.wish = None
            case "answer lost":
                pass
            case _:
                self.conclude(client, command, attempt, verdict)

    def decided(self) -> list[int]:
        """Return which clients have something to append."""
        return [number for number, client in enumerate(self.clients) if client.attempt]

    def conclude(self, client: Client, command: ScriptedCommand, attempt: DecidedCommand, verdict: Verdict) -> None:
        """Let the client hear its verdict: done, refused, or to be decided again."""
        try:
            handler = self.world.handlers[client.process]
            outcome = self.run(handler.resolve(attempt, verdict, command.context()))
        except Rejected:
            client.wish = None
            return
        if outcome is not None:
            client.wish = None

    def note(self, attempt: DecidedCommand, verdict: Verdict) -> None:
        """Count what became of an append that had something to lose, and learn the ids it brought."""
        if attempt.append.writes:
            self.appends["sent"] += 1
            self.appends["conflicts"] += isinstance(verdict, Conflict)
        if isinstance(verdict, Conflict):
            return
        for stream, events in attempt.changes.items():
            name = stream.split("-", 1)[1]
            for event in events:
                self.remember_ids(name, event)

    def remember_ids(self, name: str, event: object) -> None:
        """Remember ids that later commands can name."""
        match event:
            case OrderPlaced():
                self.known.orders.append((name, event.account))
                self.known.holds.append((event.hold, event.account))
            case PaymentRequested():
                self.known.payments.append(name)
            case PaymentCaptured():
                self.known.captured.append(name)
            case OrderConfirmed():
                account = next(account for order, account in self.known.orders if order == name)
                self.known.confirmed.append((name, account))
                self.known.tickets += [ordered.ticket for ordered in event.tickets]
            case RefundRequested():
                self.known.refunds.append(name)

    def draw_command(self, data: st.DataObject) -> ScriptedCommand:
        """Draw a command that makes sense for what is known; the later ones of a booking more often."""
        makers = {
            "book": (self.book, True),
            "hold": (self.hold, True),
            "order": (self.order, self.known.holds),
            "extend": (self.extend, self.known.holds),
            "release": (self.release, self.known.holds),
            "sweep": (self.sweep, self.known.holds),
            "pay": (self.pay, self.known.orders),
            "cancel": (self.cancel, self.known.orders),
            "capture": (self.capture, self.known.payments),
            "settle": (self.settle, self.known.captured),
            "refund": (self.refund, self.known.confirmed),
            "approve": (self.approve, self.known.refunds),
            "reject": (self.reject, self.known.refunds),
            "scan": (self.scan, self.known.tickets),
            "block": (self.block, True),
        }
        possible = [name for name, (_, when) in makers.items() if when]
        make, _ = makers[data.draw(st.sampled_from(possible), label="command")]
        return make(data)

    def recent(self, data: st.DataObject, known: list[Any]) -> Any:
        """Draw one of the last ids, so that clients meet."""
        return data.draw(st.sampled_from(known[-3:]))

    def seats(self, data: st.DataObject) -> list[str]:
        """Draw some of the seats everybody wants."""
        wanted = data.draw(st.lists(st.integers(0, SEATS_FOUGHT_FOR - 1), min_size=1, max_size=2, unique=True))
        return [self.world.seats[seat] for seat in wanted]

    def draw_duration(self, data: st.DataObject) -> timedelta:
        """Draw a deadline: far away, or already there."""
        return data.draw(st.sampled_from([HOLD_LASTS, AT_ONCE]))

    def book(self, data: st.DataObject) -> ScriptedCommand:
        buyer = data.draw(st.sampled_from(BUYERS))
        return self.world.one_step(buyer, self.seats(data), lasts=self.draw_duration(data))[1]

    def hold(self, data: st.DataObject) -> ScriptedCommand:
        buyer = data.draw(st.sampled_from(BUYERS))
        hold, command = self.world.hold(buyer, self.seats(data), lasts=self.draw_duration(data))
        self.known.holds.append((hold, buyer))
        return command

    def order(self, data: st.DataObject) -> ScriptedCommand:
        hold, buyer = self.recent(data, self.known.holds)
        return self.world.order(buyer, hold)[1]

    def extend(self, data: st.DataObject) -> ScriptedCommand:
        hold, buyer = self.recent(data, self.known.holds)
        return ScriptedCommand(partial(holding.extend_hold, hold=hold, holder=buyer, by=EXTENSION))

    def release(self, data: st.DataObject) -> ScriptedCommand:
        hold, buyer = self.recent(data, self.known.holds)
        return ScriptedCommand(partial(holding.release_hold, hold=hold, holder=buyer))

    def sweep(self, data: st.DataObject) -> ScriptedCommand:
        hold, _ = self.recent(data, self.known.holds)
        return ScriptedCommand(partial(holding.expire_hold, hold=hold))

    def pay(self, data: st.DataObject) -> ScriptedCommand:
        order, account = self.recent(data, self.known.orders)
        command = paying.OpenPayment(payment=str(uuid7()), order=order, account=account, provider="sandbox")
        return ScriptedCommand(partial(paying.open_payment, command=command))

    def cancel(self, data: st.DataObject) -> ScriptedCommand:
        order, account = self.recent(data, self.known.orders)
        return ScriptedCommand(
            partial(ordering.cancel_order, order=order, account=account, reason=OrderCancelReason.BUYER)
        )

    def capture(self, data: st.DataObject) -> ScriptedCommand:
        payment = self.recent(data, self.known.payments)
        state = self.run(self.world.handler.query(lambda context: paying.require_payment(context, payment)))
        captured = partial(paying.capture, payment=payment, amount=state.amount, currency=state.currency)
        return ScriptedCommand(partial(captured, captured_at=self.world.clock.now(), source="webhook"))

    def settle(self, data: st.DataObject) -> ScriptedCommand:
        return ScriptedCommand(partial(settling.settle, payment=self.recent(data, self.known.captured)))

    def refund(self, data: st.DataObject) -> ScriptedCommand:
        order, account = self.recent(data, self.known.confirmed)
        command = refunding.RequestRefund(refund=str(uuid7()), order=order, account=account)
        return ScriptedCommand(partial(refunding.request_refund, command=command))

    def approve(self, data: st.DataObject) -> ScriptedCommand:
        return ScriptedCommand(
            partial(refunding.approve_refund, refund=self.recent(data, self.known.refunds), by="support")
        )

    def reject(self, data: st.DataObject) -> ScriptedCommand:
        return ScriptedCommand(
            partial(refunding.reject_refund, refund=self.recent(data, self.known.refunds), by="support")
        )

    def scan(self, data: st.DataObject) -> ScriptedCommand:
        command = entry.ScanTicket(
            ticket=self.recent(data, self.known.tickets),
            code_sha256="",
            gate="north",
            device="north",
            nonce=str(uuid7()),
            organizers=frozenset({self.world.organizer}),
            override_window=True,
        )
        return ScriptedCommand(partial(entry.scan_ticket, command=command))

    def block(self, data: st.DataObject) -> ScriptedCommand:
        keys = tuple(self.seats(data))
        if data.draw(st.booleans()):
            unblock = partial(blocking.unblock_seats, performance=self.world.performance, seats=keys)
            return ScriptedCommand(partial(unblock, inventory=self.world.inventory))
        command = blocking.BlockSeats(
            performance=self.world.performance, seats=keys, reason=BlockReason.HOUSE, owner="staff"
        )
        return ScriptedCommand(partial(blocking.block_seats, command=command, inventory=self.world.inventory))
