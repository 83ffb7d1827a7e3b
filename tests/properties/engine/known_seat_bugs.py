"""Bugs of places and quota that the state machine must catch."""

from dataclasses import replace
from typing import Any

from domain.account import ACCOUNT, AccountOpened
from domain.buyer_quota import BUYER_QUOTA, BuyerQuotaMoved, BuyerQuotaTaken
from domain.decision import Changes, DecisionContext
from domain.decisions.holding import HoldSeats, hold_seats
from domain.decisions.merging import MergeGuest, merge_guest
from domain.errors import Rejected
from domain.hold import HoldExpired, HoldPlaced, HoldReleased
from domain.pricing import Choice, Inventory
from domain.values import Place
from eventstore.command import CommandContext, Decide, Outcome
from eventstore.command_handler import CommandHandler
from eventstore.decision_context import LoadedStreams
from eventstore.store import Append, Write
from tests.properties.engine.machine import EngineMachine


def hold_one_place_twice(context: DecisionContext, command: HoldSeats, inventory: Inventory) -> Changes:
    """A planted bug: a place has two lines, each with a price and later a ticket."""

    def doubled(event: Any) -> Any:
        match event:
            case HoldPlaced(lines=lines):
                again = replace(lines[0], line_id=str(len(lines) + 1))
                return replace(event, lines=(*lines, again), total=event.total + again.gross)
            case BuyerQuotaTaken(seats=seats):
                return replace(event, seats=seats + 1)
            case _:
                return event

    changes = hold_seats(context, command, inventory)
    return {stream: [doubled(event) for event in events] for stream, events in changes.items()}


class UnboundedInventory:
    """The places of a layout, and any other."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def place(self, key: str) -> Place | None:
        """Describe a place as if the layout had it."""
        return self._inventory.place(key) or Place(seat=key, label=key, category="A")


def hold_places_that_are_not_there(context: DecisionContext, command: HoldSeats, inventory: Inventory) -> Changes:
    """A planted bug: keys that the layout does not have are sold as seats."""
    invented = tuple(Choice(seat=f"z{number}{command.hold[-8:]}") for number in range(8))
    return hold_seats(context, replace(command, choices=(*command.choices, *invented)), UnboundedInventory(inventory))


def merge_counting_twice(context: DecisionContext, command: MergeGuest) -> Changes:
    """A planted bug: the account gets the guest's quota, and the guest keeps it."""
    changes = merge_guest(context, command)
    return {
        stream: [event for event in events if not isinstance(event, BuyerQuotaMoved)]
        for stream, events in changes.items()
    }


class RememberingHandler(CommandHandler):
    """A planted bug: a refused command records that it was there."""

    async def handle(
        self, decide: Decide, context: CommandContext, *, assume_new: frozenset[str] = frozenset()
    ) -> Outcome:
        """Carry a command out."""
        try:
            return await super().handle(decide, context, assume_new=assume_new)
        except Rejected:
            stream = ACCOUNT.stream(str(context.command_id))
            write = Write(stream, 0, (self._codec.encode(AccountOpened(guest=True)),))
            await self._appender.submit(Append(command_id=context.command_id, writes=(write,)))
            raise


class KeepingHandler(CommandHandler):
    """A planted bug: a basket that ends keeps its share of the quota."""

    async def handle(
        self, decide: Decide, context: CommandContext, *, assume_new: frozenset[str] = frozenset()
    ) -> Outcome:
        """Carry a command out."""

        def decide_keeping(books: LoadedStreams) -> Changes:
            changes = decide(books)
            if not any(isinstance(event, HoldReleased | HoldExpired) for each in changes.values() for event in each):
                return changes
            return {stream: events for stream, events in changes.items() if not stream.startswith(BUYER_QUOTA.prefix)}

        return await super().handle(decide_keeping, context, assume_new=assume_new)


class SharesKept(EngineMachine):
    """The engine in which baskets that ended count on."""

    handler = KeepingHandler


class OnePlaceTwice(EngineMachine):
    """The engine in which a place has two lines."""

    hold_seats = staticmethod(hold_one_place_twice)


class MorePlacesThanThereAre(EngineMachine):
    """The engine that sells what the layout does not have."""

    hold_seats = staticmethod(hold_places_that_are_not_there)


class QuotaCountedTwice(EngineMachine):
    """The engine in which a guest's seats count for guest and account."""

    merge = staticmethod(merge_counting_twice)


class RefusalsRemembered(EngineMachine):
    """The engine whose refusals leave a trace."""

    handler = RememberingHandler


PLANTED_SEATS = [OnePlaceTwice, MorePlacesThanThereAre, QuotaCountedTwice, RefusalsRemembered, SharesKept]
