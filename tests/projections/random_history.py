"""Random histories: random commands of many accounts at random times; the domain refuses invalid ones."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from domain.decisions.disputes.disputing import lose_dispute, open_dispute, win_dispute
from domain.errors import Rejected
from domain.values import Price, Role
from tests.support.shop_scenario import ShopScenario

BUYERS = ("ann", "bob", "cleo")

Step = Callable[[], Awaitable[object]]


@dataclass(slots=True)
class KnownIds:
    """The ids that commands have created so far."""

    organizers: list[str] = field(default_factory=list)
    venues: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    performances: list[str] = field(default_factory=list)
    holds: list[tuple[str, str]] = field(default_factory=list)
    orders: list[tuple[str, str]] = field(default_factory=list)
    payments: list[tuple[str, str]] = field(default_factory=list)
    refunds: list[str] = field(default_factory=list)


class RandomHistory:
    """Sends random commands to a scenario, reproducibly.

    Args:
        random: decides everything.
    """

    def __init__(self, shop_scenario: ShopScenario, random: Random) -> None:
        self.scenario = shop_scenario
        self.known = KnownIds()
        self._random = random
        self._commands: list[tuple[int, Step]] = [
            (1, self.begin_shop),
            (1, self.change_catalogue),
            (2, self.change_performance),
            (2, self.block),
            (6, self.hold),
            (6, self.book),
            (3, self.touch_hold),
            (3, self.order),
            (2, self.cancel),
            (8, self.pay),
            (6, self.capture),
            (2, self.dispute),
            (4, self.request_refund),
            (4, self.decide_refund),
            (3, self.scan),
            (3, self.wait),
        ]

    async def run(self, steps: int) -> None:
        """Try `steps` random commands."""
        weights = [weight for weight, _ in self._commands]
        await self.begin_shop()
        for _ in range(steps):
            (_, command) = self._random.choices(self._commands, weights)[0]
            try:
                await command()
            except (Rejected, IndexError):
                continue

    async def begin_shop(self) -> None:
        shop_scenario, known = self.scenario, self.known
        known.organizers.append(await shop_scenario.found(f"Organizer {len(known.organizers)}"))
        organizer = self._random.choice(known.organizers)
        known.venues.append(await shop_scenario.open_venue(organizer, city=self._random.choice(["Náchod", "Praha"])))
        venue = self._random.choice(known.venues)
        await shop_scenario.publish_layout(venue)
        known.events.append(await shop_scenario.create(organizer, venue, f"Show {len(known.events)}"))
        await shop_scenario.publish(known.events[-1])
        free = self._random.random() < 0.2
        prices = tuple(Price(category=each, amount=0 if free else 1500) for each in ("A", "B"))
        known.performances.append(await shop_scenario.schedule(organizer, venue, known.events[-1], prices=prices))

    async def change_catalogue(self) -> None:
        roles = self._random.sample([Role.ORGANIZER, Role.ENTRY_MANAGER], self._random.randint(0, 2))
        await self.scenario.give_roles(self._random.choice(self.known.organizers), self.buyer(), *roles)
        await self.scenario.describe(self._random.choice(self.known.events), f"Show {self._random.random()}")
        if self._random.random() < 0.3:
            await self.scenario.delete(self._random.choice(self.known.events), booked=self._random.random() < 0.7)

    async def change_performance(self) -> None:
        performance = self._random.choice(self.known.performances)
        match self._random.randint(0, 4):
            case 0:
                await self.scenario.change(performance, starts_at=self.scenario.clock.now() + timedelta(days=40))
            case 1:
                await self.scenario.change(
                    performance, prices=(Price(category="A", amount=self._random.randint(0, 3)),)
                )
            case 2:
                await self.scenario.change(performance, sales=self._random.choice(["open", "paused"]))
            case 3:
                await self.scenario.change(performance, sales="open")
            case _ if self._random.random() < 0.1:
                await self.scenario.call_off(performance)

    async def block(self) -> None:
        performance = self._random.choice(self.known.performances)
        if self._random.random() < 0.5:
            await self.scenario.unblock(performance, *self.seats())
        else:
            release_at = self._random.choice([None, self.scenario.clock.now() + timedelta(minutes=5)])
            await self.scenario.block(performance, *self.seats(), release_at=release_at)

    async def hold(self) -> None:
        buyer = self.buyer()
        hold = await self.scenario.hold(self._random.choice(self.known.performances), buyer, *self.seats())
        self.known.holds.append((hold, buyer))

    async def book(self) -> None:
        buyer = self.buyer()
        order, hold = await self.scenario.book(self._random.choice(self.known.performances), buyer, *self.seats())
        self.known.orders.append((order, buyer))
        self.known.holds.append((hold, buyer))

    async def touch_hold(self) -> None:
        hold, buyer = self._random.choice(self.known.holds)
        match self._random.randint(0, 2):
            case 0:
                await self.scenario.extend(hold, buyer)
            case 1:
                await self.scenario.release(hold, buyer)
            case _:
                await self.scenario.sweep(hold)

    async def order(self) -> None:
        hold, buyer = self._random.choice(self.known.holds)
        self.known.orders.append((await self.scenario.order(hold, buyer), buyer))

    async def cancel(self) -> None:
        await self.scenario.cancel(self._random.choice(self.known.orders)[0])

    async def pay(self) -> None:
        order, buyer = self._random.choice(self.known.orders)
        self.known.payments.append((await self.scenario.open_payment(order, buyer), order))

    async def capture(self) -> None:
        payment, order = self._random.choice(self.known.payments[-6:])
        if self._random.random() < 0.2:
            await self.scenario.fail_payment(payment)
        else:
            too_much = self._random.choice([0, 0, 0, 0, 7])
            await self.scenario.capture(payment, await self.scenario.total(order) + too_much)

    async def dispute(self) -> None:
        payment, order = self._random.choice(self.known.payments[-6:])
        step = self._random.choice([open_dispute, open_dispute, win_dispute, lose_dispute])
        part = self._random.choice([1, 1, 2])
        await self.scenario.dispute(payment, step, max(1, await self.scenario.total(order) // part))

    async def request_refund(self) -> None:
        lines = self._random.choice([None, ("1",), ("2",)])
        self.known.refunds.append(await self.scenario.request_refund(self._random.choice(self.known.orders)[0], lines))

    async def decide_refund(self) -> None:
        refund = self._random.choice(self.known.refunds[-4:])
        if self._random.random() < 0.2:
            await self.scenario.reject(refund)
            return
        await self.scenario.approve(refund)
        if self._random.random() < 0.7:
            await self.scenario.pay_back(refund, fails=self._random.random() < 0.3)

    async def scan(self) -> None:
        tickets = await self.scenario.tickets(self._random.choice(self.known.orders)[0])
        await self.scenario.scan(self._random.choice([*tickets, None]), self._random.choice(self.known.organizers))

    async def wait(self) -> None:
        self.scenario.wait(timedelta(minutes=self._random.choice([1, 4, 11, 600])))

    def buyer(self) -> str:
        """Return a random account."""
        return self._random.choice(BUYERS)

    def seats(self) -> list[str]:
        """Return one to three random seats."""
        return self._random.sample(self.scenario.seats, self._random.randint(1, 3))
