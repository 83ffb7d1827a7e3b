"""The places and quota in use, counted from baskets and tickets rather than from the seats' streams."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain import buyer_quota as buyers
from domain import hold as holds
from domain import order as orders
from domain import performance as performances
from domain import ticket as tickets


@dataclass(slots=True)
class Basket:
    """An open, unpaid basket: its performance, number of places and deadline."""

    performance: str
    places: int
    deadline: datetime


@dataclass(slots=True)
class Occupancy:
    """Places sold and held by performance, and the seats of each basket by buyer's quota.

    Attributes:
        capacity: the number of places of a performance.
        valid: the tickets that are not void, by stream of the seat.
        seat_of: the seat's stream and the performance, by ticket.
        sold: the number of places with a valid ticket, by performance.
        held: the number of places in open baskets, by performance; lapsed ones count until `count_taken` ends them.
        baskets: the open baskets, by hold.
        orders: the hold of each order.
        shares: the seats that count, by hold and by the stream of the quota.
        holds_of: the holds that count, by the stream of the quota.
    """

    capacity: dict[str, int] = field(default_factory=dict)
    valid: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    seat_of: dict[str, tuple[str, str]] = field(default_factory=dict)
    sold: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    baskets: dict[str, Basket] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)
    shares: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    holds_of: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def apply(self, stream: str, event: Any) -> None:
        """Count one event."""
        name = stream.split("-", 1)[1]
        match event:
            case performances.PerformanceScheduled():
                self.capacity[name] = event.seats
            case tickets.TicketIssued():
                self.add_ticket(name, event)
            case tickets.TicketVoided():
                self.remove_ticket(name)
            case holds.HoldPlaced():
                self.baskets[name] = Basket(event.performance, len(event.lines), event.expires_at)
                self.held[event.performance] += len(event.lines)
            case holds.HoldExtended() if name in self.baskets:
                self.baskets[name].deadline = event.expires_at
            case holds.HoldReleased() | holds.HoldExpired():
                self.end_hold(name)
            case orders.OrderPlaced():
                self.orders[name] = event.hold
            case orders.OrderConfirmed():
                self.end_hold(self.orders[name])
            case _ if stream.startswith("buyer-"):
                self.apply_quota(stream, event)

    def add_ticket(self, ticket: str, event: tickets.TicketIssued) -> None:
        """Count a place as sold."""
        seat = f"seat-{event.performance}-{event.place.seat}"
        self.seat_of[ticket] = seat, event.performance
        self.valid[seat].add(ticket)
        self.sold[event.performance] += 1

    def remove_ticket(self, ticket: str) -> None:
        """Count a place as no longer sold."""
        seat, performance = self.seat_of[ticket]
        if ticket in self.valid[seat]:
            self.valid[seat].discard(ticket)
            self.sold[performance] -= 1

    def end_hold(self, hold: str) -> None:
        """Count a basket's places as no longer held."""
        basket = self.baskets.pop(hold, None)
        if basket is not None:
            self.held[basket.performance] -= basket.places

    def count_taken(self, performance: str, now: datetime) -> int:
        """Return the number of places sold or in a live basket at `now`.

        Lapsed baskets are ended only if the count exceeds the capacity, so most commands cost two look-ups.
        """
        if self.sold[performance] + self.held[performance] > self.capacity.get(performance, 0):
            lapsed = [
                hold
                for hold, basket in self.baskets.items()
                if basket.performance == performance and basket.deadline <= now
            ]
            for hold in lapsed:
                self.end_hold(hold)
        return self.sold[performance] + self.held[performance]

    def apply_quota(self, stream: str, event: buyers.BuyerEvent) -> None:
        """Count the seats of a basket in a buyer's quota."""
        match event:
            case buyers.BuyerQuotaTaken() | buyers.BuyerQuotaKept() | buyers.BuyerQuotaReceived():
                self.shares[event.hold][stream] = event.seats
                self.holds_of[stream].add(event.hold)
            case buyers.BuyerQuotaReturned():
                self.return_quota(stream, event.hold, event.seats)
            case buyers.BuyerQuotaMoved():
                for hold in list(self.holds_of[stream]):
                    self.return_quota(stream, hold, self.shares[hold][stream])

    def return_quota(self, stream: str, hold: str, seats: int) -> None:
        """Count `seats` seats of a basket no longer."""
        left = self.shares[hold].get(stream, 0) - seats
        if left > 0:
            self.shares[hold][stream] = left
        else:
            self.shares[hold].pop(stream, None)
            self.holds_of[stream].discard(hold)
