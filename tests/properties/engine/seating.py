"""What happens to places beside buying: standing areas, blocks, limits that change, and a guest that logs in."""

from dataclasses import asdict, replace
from datetime import timedelta
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import multiple, rule

from domain.decisions import blocking, scheduling
from domain.decisions.merging import MergeGuest
from domain.pricing import Choice
from domain.values import BlockReason, Limits
from tests.properties.engine.buying import Buying
from tests.properties.engine.scenario import BUYER, GUEST, HOLDS, ORDERS, SEATS
from tests.support.audited_scenario import BUYERS
from tests.support.engine import ScriptedCommand
from tests.support.shop import HOLD_LASTS

LIMITS = st.sampled_from(
    [
        Limits(seats_per_order=1, seats_per_buyer=1, live_holds_per_buyer=1),
        Limits(seats_per_order=3, seats_per_buyer=4, live_holds_per_buyer=2),
        Limits(seats_per_order=None, seats_per_buyer=None, live_holds_per_buyer=None),
    ]
)


class Seating(Buying):
    """Places that are drawn, taken off sale, rationed and taken along."""

    @rule(
        target=HOLDS,
        buyer=BUYER,
        quantity=st.integers(1, 3),
        seats=st.one_of(st.just([]), SEATS),
        named=st.sampled_from([False, False, False, True]),
    )
    def hold_standing(self, buyer: str, quantity: int, seats: list[int], *, named: bool) -> Any:
        """Hold places of the standing area, beside seats or not; one that is named is refused."""
        command = self.world.standing_command(buyer, quantity, [self.world.seats[seat] for seat in seats])
        if named:
            command = replace(command, choices=(*command.choices, Choice(seat=self.world.initial_work[0])))
        decide = partial(type(self).hold_seats, command=command, inventory=self.world.inventory)
        outcome = self.send(self.by(buyer, ScriptedCommand(decide)), "held standing")
        assert not (named and outcome), "a standing place was named as a seat"
        return (command.hold, buyer) if outcome else multiple()

    @rule(target=ORDERS, buyer=BUYER, quantity=st.integers(1, 3))
    def buy_standing(self, buyer: str, quantity: int) -> Any:
        """Hold standing places, order and pay them at once, so that their tickets are met often."""
        hold = self.hold_standing(buyer, quantity, [], named=False)
        order = self.order(hold) if isinstance(hold, tuple) else multiple()
        if isinstance(order, tuple):
            payment = self.pay(order)
            if isinstance(payment, str):
                self.capture(payment, 0, "EUR")
                self.decide(payment)
        return order

    @rule(
        seats=SEATS,
        reason=st.sampled_from([BlockReason.HOUSE, BlockReason.DAMAGED]),
        minutes=st.sampled_from([None, None, 2, 12, -1]),
    )
    def block(self, seats: list[int], reason: BlockReason, minutes: int | None) -> None:
        """Take seats off sale, for good or for a while; a while that is over is refused."""
        release_at = None if minutes is None else self.clock.now() + timedelta(minutes=minutes)
        command = blocking.BlockSeats(
            performance=self.world.performance,
            seats=tuple(self.world.seats[seat] for seat in seats),
            reason=reason,
            owner="staff",
            release_at=release_at,
        )
        decide = partial(blocking.block_seats, command=command, inventory=self.world.inventory)
        outcome = self.send(ScriptedCommand(decide), "blocked" if release_at is None else "blocked for a while")
        assert minutes != -1 or outcome is None, "a block was over before it began"

    @rule(seats=SEATS, reason=st.sampled_from([None, None, BlockReason.HOUSE]))
    def unblock(self, seats: list[int], reason: BlockReason | None) -> None:
        decide = partial(
            blocking.unblock_seats,
            performance=self.world.performance,
            seats=tuple(self.world.seats[seat] for seat in seats),
            inventory=self.world.inventory,
            reason=reason,
        )
        self.send(ScriptedCommand(decide), "unblocked")

    @rule(limits=LIMITS)
    def change_limits(self, limits: Limits) -> None:
        command = scheduling.ChangePerformance(performance=self.world.performance, limits=asdict(limits))
        self.send(ScriptedCommand(partial(scheduling.change, command=command)), "limits changed")

    @rule(account=st.sampled_from(BUYERS), moved=st.booleans())
    def log_in(self, account: str, *, moved: bool) -> None:
        """Let the guest log in; the quota moves at once or, if a hold came in between, with the next login."""
        performances = (self.world.performance,) if moved else ()
        command = MergeGuest(guest=GUEST, account=account, performances=performances)
        outcome = self.send(ScriptedCommand(partial(type(self).merge, command=command)), "guest merged")
        assert outcome is None or self.logged_in_as in {None, account}
        if outcome is not None:
            self.logged_in_as = account

    @rule(
        target=ORDERS, account=st.sampled_from(BUYERS), seats=SEATS, then=st.sampled_from(["cancel", "extend", "pay"])
    )
    def take_a_basket_along(self, account: str, seats: list[int], then: str) -> Any:
        """Hold as a guest, log in, and order before the quota has moved; then end the order, or go on with it."""
        hold = self.hold(GUEST, seats, HOLD_LASTS)
        if not isinstance(hold, tuple):
            return multiple()
        self.log_in(account, moved=False)
        order = self.order(hold)
        if isinstance(order, tuple):
            self.tally["took a basket along"] += 1
            match then:
                case "cancel":
                    self.cancel(order)
                case "extend":
                    self.extend(hold)
                case _:
                    payment = self.pay(order)
                    self.capture(payment, 0, "EUR")
                    self.decide(payment)
        return order
