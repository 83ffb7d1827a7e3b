"""A running shop for tests: the real application on a real database, and its accounts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from uuid_utils.compat import uuid7

from api.app import make_app
from api.dependencies import Services
from domain import account, organizer
from domain.decision import Changes, DecisionContext
from domain.values import Role
from eventstore.command import CommandContext, Decide, Outcome
from runtime.settings import Settings
from runtime.wiring import open_services
from tests.databases import SECRET_KEY
from ui.page import pages

BASE_URL = "http://shop.test"
V1 = "/api/v1"
PAUSE_S = 0.01
TESTER: Mapping[str, str | None] = {"kind": "process", "id": "tests", "role": None}


def settings_for(url: str, **others: Any) -> Settings:
    """Return the settings of a shop on a database, independent of the environment."""
    given = {"database_url": SecretStr(url), "secret_key": SecretStr(SECRET_KEY), "public_url": BASE_URL, **others}
    return Settings(**given)


@dataclass(frozen=True, slots=True)
class Shop:
    """One API process and an HTTP client of it."""

    app: FastAPI
    engine: Services
    client: httpx.AsyncClient

    def bearer(self, account_id: str, *, guest: bool = False) -> dict[str, str]:
        """Return the headers of an account with a fresh access token."""
        return {"Authorization": f"Bearer {self.engine.tokens.issue(account_id, guest=guest)}"}

    async def command(self, decide: Decide) -> Outcome:
        """Execute a command as the test itself."""
        return await self.engine.handler.handle(decide, CommandContext(command_id=uuid7(), actor=TESTER))

    async def account(self, *roles: Role, guest: bool = False) -> str:
        """Open an account with these global roles, and return its id."""
        account_id = str(uuid7())
        await self.command(partial(account.open_account, account=account_id, guest=guest))
        if roles:
            await self.command(partial(account.change_roles, account=account_id, roles=frozenset(roles)))
        return account_id

    async def organizer(self, **members: Role) -> tuple[str, dict[str, str]]:
        """Create an organizer with a member per name; return its id and the accounts by name."""
        organizer_id = str(uuid7())
        await self.command(partial(organizer.found_organizer, organizer=organizer_id, name="Harbour Stages"))
        accounts = {name: await self.account() for name in members}
        for name, role in members.items():
            await self.command(partial(joined, organizer_id=organizer_id, account_id=accounts[name], role=role))
        return organizer_id, accounts

    async def registered(self, email: str, password: str = "correct horse battery") -> httpx.Response:
        """Register over HTTP, and return the answer."""
        body = {"email": email, "password": password, "name": "Ann Example"}
        return await self.client.post(f"{V1}/auth/register", json=body)


def joined(context: DecisionContext, organizer_id: str, account_id: str, role: Role) -> Changes:
    """Make an account a member."""
    return organizer.change_member(context, organizer_id, account_id, frozenset({role}))


async def until(holds: Callable[[], Awaitable[bool]], *, seconds_max: float = 10.0, pause_s: float = PAUSE_S) -> None:
    """Wait until a condition holds.

    Raises:
        TimeoutError: it does not.
    """
    for _ in range(int(seconds_max / pause_s)):
        if await holds():
            return
        await asyncio.sleep(pause_s)
    raise TimeoutError


@asynccontextmanager
async def open_shop(settings: Settings, **others: Any) -> AsyncIterator[Shop]:
    """Run one API process inside the test; `others` replace some of its services."""
    async with open_services(settings) as opened:
        services = replace(opened, **others)
        app = make_app(services, pages=pages())
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
            yield Shop(app, services, client)
