"""Begins the demo: its password, kept beside the data, and everything that is sold."""

import asyncio
import json
import secrets
from collections.abc import Callable

from runtime.demo.seeding import EMAILS, SeedContext, seed
from runtime.local.data_directory import DataDirectory
from runtime.local.embedded.persisted_values import write_private
from runtime.settings import PREFIX, Settings, SettingsRefused
from runtime.wiring import open_engine

PASSWORD_BYTES = 9


def seed_the_demo(settings: Settings, report: Callable[[str], None]) -> None:
    """Make the demo, or what is missing of it; the password is the setting's, or made at the first start and kept.

    Raises:
        SettingsRefused: this is no demonstration.
    """
    if not settings.demo:
        raise SettingsRefused(
            f"The demo has six accounts that everybody knows, an admin among them, so it is made in demo mode alone: "
            f"set {PREFIX}DEMO=true, or leave it."
        )
    asyncio.run(make(settings, persisted_accounts(settings), report))


def persisted_accounts(settings: Settings) -> str:
    """Return the demo's password, and keep it with the accounts' addresses for whoever wants to sign in."""
    file = DataDirectory(settings.data).demo_accounts
    if file.exists():
        known: str = json.loads(file.read_text())["password"]
        return known
    password = settings.demo_password.get_secret_value() if settings.demo_password else generate_password()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(file, json.dumps({"password": password, "accounts": EMAILS}, indent=2))
    return password


def generate_password() -> str:
    """Make a password that can be typed."""
    return secrets.token_urlsafe(PASSWORD_BYTES)


async def make(settings: Settings, password: str, report: Callable[[str], None]) -> None:
    """Make the demo with an engine of our own."""
    async with open_engine(settings) as services:
        seed_context = SeedContext(
            handler=services.handler, accounts=services.accounts, documents=services.layouts, report=report
        )
        await seed(seed_context, password=password, today=services.clock.now())
