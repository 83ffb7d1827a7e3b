"""A real sandbox provider; the test receives its webhooks and delivers them in any order."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.adapters.sandbox_process import Received, SandboxProcess, running_sandbox, until
from tests.adapters.sandbox_process import Shop as Receiver
from tests.api.http_scenario import Headers, HttpScenario, done
from tests.api.shop import V1, Shop, open_shop, settings_for

PAID = "4242424242424242"
DECLINED = "4000000000000002"
REFUND_PENDING = "4242000000001305"


@dataclass(frozen=True, slots=True)
class Provider:
    """A sandbox provider and its webhooks."""

    sandbox: SandboxProcess
    receiver: Receiver


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFixture:
    """A shop with a payment provider."""

    shop: Shop
    sandbox: SandboxProcess
    receiver: Receiver

    async def open_payment(self, office: HttpScenario, buyer: Headers, order: str) -> Any:
        """Start a payment, and return the answer's body."""
        return done(await office.post(f"/orders/{order}/payments", buyer, {"provider": "sandbox"}))

    async def pay(self, checkout_url: str, card: str = PAID) -> httpx.Response:
        """Submit a card on the provider's page."""
        async with httpx.AsyncClient(trust_env=False, verify=False) as browser:
            return await browser.post(checkout_url, json={"card": card})

    async def webhooks(self, reference: str, count: int = 1) -> list[Received]:
        """Wait for the provider's webhooks about a reference."""
        await until(lambda: len(self.receiver.about(reference)) >= count)
        return self.receiver.about(reference)

    async def announce(self, webhook: Received, **changes: Any) -> httpx.Response:
        """Deliver a webhook to the API."""
        given = {"content": webhook.body, "headers": webhook.headers, **changes}
        return await self.shop.client.post(f"{V1}/webhooks/sandbox", **given)

    async def confirmed_order(self, office: HttpScenario, buyer: Headers, *seats: str) -> Any:
        """Order seats, pay for them, and return the order."""
        order = done(await office.order(buyer, *seats))["order_id"]
        payment = await self.open_payment(office, buyer, order)
        await self.pay(payment["checkout_url"])
        (captured,) = await self.webhooks(payment["payment_id"])
        done(await self.announce(captured))
        return done(await office.get(f"/orders/{order}", buyer))


@contextmanager
def running_provider(folder: Path) -> Iterator[Provider]:
    """Run a sandbox provider and a receiver of its webhooks."""
    receiver = Receiver()
    try:
        with running_sandbox(folder / "sandbox.sqlite", receiver.url) as sandbox:
            yield Provider(sandbox, receiver)
    finally:
        receiver.close()


@asynccontextmanager
async def open_payment_fixture(database_url: str, provider: Provider) -> AsyncIterator[PaymentFixture]:
    """Run one API process with the provider."""
    async with (
        provider.sandbox.client() as gateway,
        open_shop(settings_for(database_url), gateways={"sandbox": gateway}) as shop,
    ):
        yield PaymentFixture(shop=shop, sandbox=provider.sandbox, receiver=provider.receiver)
