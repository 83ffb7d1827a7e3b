"""`seatledger seed demo`: creates the demo, with a password that is kept in the data folder."""

import asyncio
import json
import secrets
from collections.abc import Callable

from runtime.cli.options import Data
from runtime.cli.output import console
from runtime.demo.seeding import EMAILS, SeedContext, seed
from runtime.local.data_directory import DataDirectory, local_settings
from runtime.local.embedded.persisted_values import write_private
from runtime.settings import PREFIX, Settings, SettingsRefused
from runtime.wiring import open_services

PASSWORD_BYTES = 9


def seed_demo(data: Data = None) -> None:
    """Create the demo's accounts, venues and events.

    What exists already is not changed.
    """
    create_demo(local_settings(data), console.print)


def create_demo(settings: Settings, report: Callable[[str], None]) -> None:
    """Create the demo, or its missing parts.

    Raises:
        SettingsRefused: demo mode is off.
    """
    if not settings.demo:
        raise SettingsRefused(
            f"The demo has six accounts with a published password, one of them an admin, so it is created only in demo "
            f"mode: set {PREFIX}DEMO=true."
        )
    asyncio.run(seed_with_services(settings, persisted_password(settings), report))


def persisted_password(settings: Settings) -> str:
    """Return the password of the demo's accounts; the first call saves it with their addresses in the data folder."""
    file = DataDirectory(settings.data).demo_accounts
    if file.exists():
        known: str = json.loads(file.read_text())["password"]
        return known
    password = settings.demo_password.get_secret_value() if settings.demo_password else generate_password()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(file, json.dumps({"password": password, "accounts": EMAILS}, indent=2))
    return password


def generate_password() -> str:
    """Return a random password that can be typed."""
    return secrets.token_urlsafe(PASSWORD_BYTES)


async def seed_with_services(settings: Settings, password: str, report: Callable[[str], None]) -> None:
    """Seed the demo through the services of an API process."""
    async with open_services(settings) as services:
        seed_context = SeedContext(
            handler=services.handler, accounts=services.accounts, documents=services.layouts, report=report
        )
        await seed(seed_context, password=password, today=services.clock.now())
