"""A state machine over the whole engine: what people do beside and after buying."""

from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import multiple, precondition, rule
from uuid_utils.compat import uuid7

from domain import blocking, entry, refunding, scheduling
from domain.refund import transfer_reference
from domain.ticket import EntryRecorded
from domain.values import BlockReason, CancelReason
from tests.laws.engine.buying import Buying
from tests.laws.engine.stage import BUYER, ORDERS, REFUNDS, SEATS
from tests.laws.world import Wish

CALM_COMMANDS = 35
"""A performance is called off only once something has happened."""

GATES = ("north", "south")
TRANSFERS = st.sampled_from(["submitted", "completed", "failed"])


class EngineMachine(Buying):
    """Everything people, processes and the provider may do to one performance. A new rule is a method."""

    @rule(target=ORDERS, buyer=BUYER, seats=SEATS, approve=st.booleans(), outcome=TRANSFERS)
    def buy_and_return(self, buyer: str, seats: list[int], *, approve: bool, outcome: str) -> Any:
        """Buy, and want the money back."""
        order = self.buy(buyer, seats, wrong=0, currency="EUR")
        if isinstance(order, tuple):
            refund = self.ask_refund(order, None)
            if isinstance(refund, str):
                self.decide_refund(refund, approve=approve)
                self.transfer(refund, outcome)
        return order

    @rule(target=REFUNDS, order=ORDERS, line=st.sampled_from([None, None, "1", "2"]))
    def ask_refund(self, order: tuple[str, str], line: str | None) -> Any:
        lines = None if line is None else (line,)
        wish = refunding.RequestRefund(refund=str(uuid7()), order=order[0], account=order[1], lines=lines)
        outcome = self.send(Wish(partial(refunding.request_refund, command=wish)), "asked for a refund")
        return wish.refund if outcome else multiple()

    @rule(target=REFUNDS, order=ORDERS, line=st.sampled_from([None, "1"]))
    def refund(self, order: tuple[str, str], line: str | None) -> Any:
        """Ask and approve at once, for the same reason as `buy`."""
        refund = self.ask_refund(order, line)
        if isinstance(refund, str):
            self.decide_refund(refund, approve=True)
        return refund

    @rule(refund=REFUNDS, approve=st.sampled_from([True, True, False]))
    def decide_refund(self, refund: str, *, approve: bool) -> None:
        decision = type(self).approve if approve else refunding.reject_refund
        self.send(Wish(partial(decision, refund=refund, by="support")), "approved" if approve else "rejected")

    @rule(refund=REFUNDS, outcome=TRANSFERS)
    def transfer(self, refund: str, outcome: str) -> None:
        self.send(Wish(partial(refunding.submit_refund, refund=refund)), "submitted")
        state = self.run(self.world.handler.look(lambda books: refunding.existing(books, refund)))
        reference = transfer_reference(refund, state.attempts)
        if outcome == "completed":
            self.send(Wish(partial(refunding.complete_refund, reference=reference, provider_refund="r1")), outcome)
        if outcome == "failed":
            self.send(Wish(partial(refunding.fail_refund, reference=reference, reason="closed")), outcome)

    @rule(order=ORDERS, line=st.sampled_from(["1", "1", "2"]), gate=st.sampled_from(GATES))
    def scan(self, order: tuple[str, str], line: str, gate: str) -> None:
        ticket = self.order_state(order[0]).tickets.get(line)
        command = entry.ScanTicket(
            ticket=ticket,
            code_sha256="",
            gate=gate,
            device=gate,
            nonce=str(uuid7()),
            organizers=frozenset({self.world.organizer}),
        )
        outcome = self.send(Wish(partial(entry.scan_ticket, command=command)), "scanned")
        assert outcome is not None
        self.tally["admitted"] += any(isinstance(fact, EntryRecorded) for _, fact in outcome.events)

    @rule(seats=SEATS, block=st.booleans())
    def block(self, seats: list[int], *, block: bool) -> None:
        keys = tuple(self.world.seats[seat] for seat in seats)
        command = blocking.BlockSeats(
            performance=self.world.performance, seats=keys, reason=BlockReason.HOUSE, owner="staff"
        )
        unblock = partial(
            blocking.unblock_seats, performance=self.world.performance, seats=keys, inventory=self.world.inventory
        )
        blocked = partial(blocking.block_seats, command=command, inventory=self.world.inventory)
        self.send(Wish(blocked if block else unblock), "blocked" if block else "unblocked")

    @precondition(lambda self: len(self.sent) > CALM_COMMANDS)
    @rule()
    def call_off(self) -> None:
        self.send(
            Wish(partial(scheduling.call_off, performance=self.world.performance, reason=CancelReason.ILLNESS)),
            "called off",
        )


class UncachedEngineMachine(EngineMachine):
    """The same people; nothing is remembered between two commands."""

    cache_size = 0
