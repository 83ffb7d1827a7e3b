"""Accounts that the operator creates: the first admin, and buyers for a rehearsal."""

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
from runtime.wiring import open_services

TOKEN_LIFETIME = timedelta(hours=2)
CONCURRENT_OPENS_MAX = 64


async def ensure_account(settings: Settings, registration: Registration, *, role: Role) -> tuple[str, bool]:
    """Set the password of an address's account and add a role to it; open the account if there is none.

    An existing account keeps its name and its other roles; its sessions end.

    Returns:
        The account's id, and whether it was opened.
    """
    async with open_services(settings) as services:
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
    """Open `number` customer accounts and return an access token of each, valid for two hours.

    Raises:
        SettingsRefused: demo mode is off.
    """
    if not settings.demo:
        raise SettingsRefused("Rehearsal buyers exist in demo mode only: set SEATLEDGER_DEMO=true, or name --data.")
    async with open_services(settings) as services:
        limit = asyncio.Semaphore(CONCURRENT_OPENS_MAX)
        return await asyncio.gather(*(open_rehearsal_buyer(services, limit) for _ in range(number)))


async def open_rehearsal_buyer(services: Services, limit: asyncio.Semaphore) -> str:
    """Open one customer account without a password and return an access token."""
    account = str(uuid7())
    opening = partial(open_account, account=account, guest=False)
    async with limit:
        await services.handler.handle(
            opening, CommandContext(command_id=uuid7(), actor=operator_actor(), channel="rehearsal")
        )
    return services.tokens.issue(account, guest=False, lifetime=TOKEN_LIFETIME)
