"""Accounts made by whoever runs the machine: the first admin has to come from somewhere."""

import asyncio
import sys
from enum import StrEnum
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from domain.values import Role
from runtime.cli.options import Data
from runtime.local.data_directory import local_settings
from runtime.settings import SettingsRefused

console = Console(highlight=False, soft_wrap=True)
app = typer.Typer(help="Accounts.", no_args_is_help=True)


class GlobalRole(StrEnum):
    """The roles that are held everywhere."""

    CUSTOMER = "customer"
    SUPPORT = "support"
    ADMIN = "admin"
    AUDITOR = "auditor"


@app.callback()
def accounts() -> None:
    """Accounts."""


@app.command("create")
def create(
    email: Annotated[str, typer.Argument(help="The address to sign in with.")],
    role: Annotated[GlobalRole, typer.Option(help="What the account may do.")],
    data: Data = None,
) -> None:
    """Create an account, or give the account of an address a new password and one more role.

    The password is asked for, or read from standard input. A new password ends the account's sessions.
    """
    from api.http.problems.faults import fault  # noqa: PLC0415 - a part imports only what it runs
    from api.schemas.people import Registration  # noqa: PLC0415 - a part imports only what it runs
    from runtime import account_admin  # noqa: PLC0415 - a part imports only what it runs

    if sys.stdin.isatty():
        password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    try:
        registration = Registration(email=email, password=password, name=email.split("@")[0])
        account, opened = asyncio.run(
            account_admin.ensure_account(local_settings(data), registration, role=Role(role.value))
        )
    except ValidationError as error:
        faults = "; ".join("{path}: {message}".format(**fault(found)) for found in error.errors(include_input=False))
        raise SettingsRefused(f"This account cannot be made: {faults}.") from None
    console.print(account)
    if not opened:
        note = f"{registration.email} had an account: new password, sessions ended, role {role} added."
        Console(stderr=True, highlight=False, soft_wrap=True).print(note)
