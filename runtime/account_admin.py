"""People that whoever runs the machine lets in: the first admin, and buyers for a rehearsal."""

import asyncio
from datetime import timedelta
from functools import partial

from uuid_utils.compat import uuid7

from api.dependencies import Services
from api.schemas.people import Registration
from domain.account import add_role, open_account
from domain.values import Role
from eventstore.command import CommandContext
from runtime.command_handling import operator_actor
from runtime.settings import Settings, SettingsRefused
from runtime.wiring import open_engine

TOKEN_LIFETIME = timedelta(hours=2)
OPENED_AT_ONCE = 64


async def ensure_account(settings: Settings, registration: Registration, *, role: Role) -> tuple[str, bool]:
    """Give the account of an address a password and a role, and make it if there is none.

    An account that is there keeps its other roles and its name; its sessions end.

    Returns:
        The account, and whether it was opened.
    """
    async with open_engine(settings) as services:
        account, opened = await services.accounts.ensure_account(
            email=registration.email, password=registration.password, name=registration.name
        )
        if role is not Role.CUSTOMER:
            grant = partial(add_role, account=account, role=role)
            await services.handler.handle(
                grant, CommandContext(command_id=uuid7(), actor=operator_actor(), channel="operator")
            )
        return account, opened


async def rehearsal_tokens(settings: Settings, number: int) -> list[str]:
    """Open `number` buyers and return an access token of each, good for two hours.

    Raises:
        SettingsRefused: this is not a demonstration.
    """
    if not settings.demo:
        raise SettingsRefused("Rehearsal buyers exist in demo mode only: set SEATLEDGER_DEMO=true, or name --data.")
    async with open_engine(settings) as services:
        at_once = asyncio.Semaphore(OPENED_AT_ONCE)
        return await asyncio.gather(*(open_rehearsal_buyer(services, at_once) for _ in range(number)))


async def open_rehearsal_buyer(services: Services, at_once: asyncio.Semaphore) -> str:
    """Open one buyer and return a token."""
    account = str(uuid7())
    opening = partial(open_account, account=account, guest=False)
    async with at_once:
        await services.handler.handle(
            opening, CommandContext(command_id=uuid7(), actor=operator_actor(), channel="rehearsal")
        )
    return services.tokens.issue(account, guest=False, lifetime=TOKEN_LIFETIME)
