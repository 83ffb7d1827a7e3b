"""Two hundred people who buy from one seat map until nothing is left, each in their own browser."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from urllib.parse import urlsplit
from uuid import UUID, uuid5

import jwt
from uuid_utils.compat import uuid7

from api.auth.access import PREFIX
from api.http.commands import COMMANDS
from tests.system.wire import Answer, Wire

SEATS_AT_ONCE = (4, 8)
LOOKS_EVERY_S = 1.0
GOOD_CARD = "4242424242424242"
DECLINED_CARD = "4000000000000002"
WEBHOOK_TWICE_CARD = "4242000000000208"
WEBHOOKS_OUT_OF_ORDER_CARD = "4242000000000307"
CARDS = (*[GOOD_CARD] * 7, DECLINED_CARD, WEBHOOK_TWICE_CARD, WEBHOOKS_OUT_OF_ORDER_CARD)


@dataclass
class SharedSeatMap:
    """The seat map as a screen shows it, a moment behind; `free` is what nobody is known to have."""

    performance: str
    seats: frozenset[str]
    free: list[str] = field(default_factory=list)
    looked: asyncio.Event = field(default_factory=asyncio.Event)

    async def watch(self, wire: Wire) -> None:
        """Look again and again until nothing is free."""
        while True:
            shown = await wire.get(f"/performances/{self.performance}/seats")
            assert shown.status == 200, shown
            self.free = sorted(self.seats.difference(*shown.body["states"].values()))
            self.looked.set()
            if not self.free:
                return
            self.looked = asyncio.Event()
            await asyncio.sleep(LOOKS_EVERY_S)


@dataclass
class Buyer:
    """One person with one connection to the shop and one to the payment page.

    `refused`, `accepted`: the ids of orders by their answer.
    """

    account: str
    shop: Wire
    gateway: Wire
    chance: random.Random
    cards: Iterator[str]
    known_taken: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    orders: list[str] = field(default_factory=list)
    refused: set[UUID] = field(default_factory=set)
    accepted: set[UUID] = field(default_factory=set)

    async def buy_until_sold_out(self, shared_seat_map: SharedSeatMap) -> None:
        """Buy, again and again, whatever seems free; the shop says what really is, and who was late looks again."""
        while shared_seat_map.free:
            seats = self.choice(shared_seat_map)
            if not seats or not await self.bought(shared_seat_map.performance, seats):
                await shared_seat_map.looked.wait()

    def choice(self, shared_seat_map: SharedSeatMap) -> list[str]:
        """Draw a few seats of those believed to be free."""
        wanted = self.chance.randint(*SEATS_AT_ONCE)
        drawn = self.chance.sample(shared_seat_map.free, min(4 * wanted, len(shared_seat_map.free)))
        found = [seat for seat in drawn if seat not in self.known_taken]
        return found[:wanted] or [seat for seat in shared_seat_map.free if seat not in self.known_taken][:wanted]

    async def bought(self, performance: str, seats: list[str]) -> bool:
        """Hold and order in one step, and pay; False if another was faster."""
        body = {"performance_id": performance, "items": [{"seat": seat} for seat in seats]}
        key = str(uuid7())
        answer = await self.sent("/orders", body, key=key)
        command = uuid5(COMMANDS, f"{self.account}/POST {PREFIX}/orders/{key}")
        (self.refused if answer.status == 409 else self.accepted).add(command)
        if answer.status == 409:
            assert answer.body["code"] == "seats_taken", answer
            self.known_taken.update(answer.body["seats"])
            return False
        assert answer.status == 201, answer
        self.known_taken.update(seats)
        self.orders.append(answer.body["order_id"])
        while not await self.paid(answer.body["order_id"], next(self.cards)):
            self.answers["declined"] += 1
        return True

    async def paid(self, order: str, card: str) -> bool:
        """Use a card at the provider's page; False if the bank declines."""
        opened = await self.sent(f"/orders/{order}/payments", {"provider": "sandbox"})
        assert opened.status == 201, opened
        page = urlsplit(opened.body["checkout_url"]).path + "/pay"
        answer = await self.gateway.post(page, {"card": card})
        assert answer.status in {200, 402}, answer
        return answer.status == 200

    async def sent(self, path: str, body: object, *, key: str | None = None) -> Answer:
        """Send a command until there is an answer to it, under one key; remember what was answered."""
        key = key or str(uuid7())
        while True:
            answer = await self.shop.post(path, body, key=key)
            self.answers[kind(answer)] += 1
            if answer.status != 503:
                return answer
            await asyncio.sleep(self.chance.random())


def account_of(token: str) -> str:
    """Return whose an access token is."""
    return str(jwt.decode(token, options={"verify_signature": False})["sub"])


def kind(answer: Answer) -> str:
    """Name an answer's status, and why."""
    return str(answer.status) if answer.status < 300 else f"{answer.status} {answer.body['code']}"


async def sell_out(api: str, gateway: str, shared_seat_map: SharedSeatMap, tokens: Iterable[str]) -> list[Buyer]:
    """Let everybody buy until nothing is free; return them."""
    cards = cycle(CARDS)
    buyers = [
        Buyer(
            account=account_of(token),
            shop=Wire(api, token),
            gateway=Wire(gateway),
            chance=random.Random(number),
            cards=cards,
        )
        for number, token in enumerate(tokens)
    ]
    shared_seat_map.free = sorted(shared_seat_map.seats)
    async with asyncio.TaskGroup() as crowd, Wire(api) as screen:
        watching = crowd.create_task(shared_seat_map.watch(screen))
        for buyer in buyers:
            crowd.create_task(buyer.buy_until_sold_out(shared_seat_map))
        await watching
    for buyer in buyers:
        await buyer.shop.close()
        await buyer.gateway.close()
    return buyers
