"""`seatledger accounts create` and `seatledger rehearse buyers`: accounts made by the operator."""

import asyncio
import sys
from enum import StrEnum
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from api.http.problems.faults import fault
from api.schemas.people import Registration
from domain.values import Role
from runtime import account_admin
from runtime.cli.options import Data
from runtime.cli.output import console
from runtime.local.data_directory import local_settings
from runtime.settings import SettingsRefused

BUYERS_MAX = 50_000


class GlobalRole(StrEnum):
    """The roles that are not bound to an organizer."""

    CUSTOMER = "customer"
    SUPPORT = "support"
    ADMIN = "admin"
    AUDITOR = "auditor"


def create(
    email: Annotated[str, typer.Argument(help="The address to sign in with.")],
    role: Annotated[GlobalRole, typer.Option(help="The account's role.")],
    data: Data = None,
) -> None:
    """Create an account, or reset one and add a role.

    The password is prompted for at a terminal, else read from standard input. An existing account of the address gets
    the new password and the additional role; its sessions end.
    """
    if sys.stdin.isatty():
        password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    try:
        registration = Registration(email=email, password=password, name=email.split("@")[0])
    except ValidationError as error:
        faults = "; ".join("{path}: {message}".format(**fault(found)) for found in error.errors(include_input=False))
        raise SettingsRefused(f"This account cannot be made: {faults}.") from None
    account, is_new = asyncio.run(
        account_admin.ensure_account(local_settings(data), registration, role=Role(role.value))
    )
    console.print(account)
    if not is_new:
        note = f"{registration.email} had an account: new password, sessions ended, role {role} added."
        Console(stderr=True, highlight=False, soft_wrap=True).print(note)


def buyers(
    number: Annotated[int, typer.Argument(min=1, max=BUYERS_MAX, help="How many.")],
    data: Data = None,
) -> None:
    """Open accounts for rehearsal buyers.

    Prints one access token a line, valid for two hours. Refused outside demo mode.
    """
    for token in asyncio.run(account_admin.rehearsal_tokens(local_settings(data), number)):
        typer.echo(token)
