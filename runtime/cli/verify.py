"""`seatledger audit verify | prove | check`: the log against its seals, and one ticket without either."""

import asyncio
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from runtime.cli.options import After, AsJson, Data, UpTo
from runtime.cli.output import NOTHING_FOUND, format_time, show_json
from runtime.local.data_directory import local_settings, second_place_here
from runtime.tuning.file_permissions import require_new

if TYPE_CHECKING:
    from eventstore.sealing.proof import Proof
    from eventstore.sealing.verification.result import Verification
    from eventstore.sealing.verification.verify import Report

FAULT = 1
IMPOSSIBLE = 2

Key = Annotated[list[str] | None, typer.Option("--key", help="A public key to believe, and no other; hexadecimal.")]
Seals = Annotated[Path | None, typer.Option(help="A second place that publishes the keys to believe.", file_okay=False)]

console = Console(highlight=False, soft_wrap=True)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("verify")(verify)
    app.command("prove")(prove)
    app.command("check")(check)


def verify(
    *,
    after: After = 0,
    up_to: UpTo = None,
    key: Key = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Compare the log with the second place; name the first event that is not as it was sealed.

    Seals are checked whole.

    Status 0: nothing is wrong. 1: something is. 2: it could not be compared. 3: there was nothing to compare.
    """
    import psycopg  # noqa: PLC0415 - a part imports only what it runs

    from api.presenters.seals import verification_json  # noqa: PLC0415 - a part imports only what it runs
    from eventstore.sealing.verification.pool import WorkerLost  # noqa: PLC0415 - a part imports only what it runs
    from runtime import sealing  # noqa: PLC0415 - a part imports only what it runs

    settings = local_settings(data)
    keys = sealing.parse_keys(key) if key else None
    try:
        with progress_bar() as report:
            found = sealing.compare(settings, first=after + 1, last=up_to, keys=keys, report=report)
    except (psycopg.OperationalError, WorkerLost, OSError) as error:
        typer.echo(f"seatledger: the log could not be compared: {error}", err=True)
        sys.exit(IMPOSSIBLE)
    if found.fault is None and after and after >= max(found.head, found.sealed_to):
        typer.echo(f"seatledger: no event comes after position {after}: the log ends at {found.head}.", err=True)
        sys.exit(IMPOSSIBLE)
    if as_json:
        show_json(verification_json(found))
    else:
        console.print(format_verification(found, str(settings.seal_archive)))
    if found.fault:
        sys.exit(FAULT)
    if not found.events:
        sys.exit(NOTHING_FOUND)


def prove(
    ticket: Annotated[UUID, typer.Argument(help="A ticket's id.")],
    out: Annotated[Path | None, typer.Option(help="Where to write the proof.", dir_okay=False)] = None,
    data: Data = None,
) -> None:
    """Write a small file that proves, without the database, that a ticket was issued."""
    import orjson  # noqa: PLC0415 - a part imports only what it runs

    from eventstore.sealing.proof import proof_to_json  # noqa: PLC0415 - a part imports only what it runs
    from runtime import sealing  # noqa: PLC0415 - a part imports only what it runs

    file, settings = out or Path(f"ticket-{ticket}.proof.json"), local_settings(data)
    require_new(file)
    proof = asyncio.run(sealing.prove_ticket(settings, str(ticket)))
    file.write_bytes(orjson.dumps(proof_to_json(proof), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    checking = ["seatledger", "audit", "check", str(file), "--seals", str(settings.seal_archive.absolute())]
    console.print(f"{file} proves the event at {proof.content['position']}; check it with: {shlex.join(checking)}")


def check(
    file: Annotated[Path, typer.Argument(help="What `seatledger audit prove` wrote.", exists=True, dir_okay=False)],
    key: Key = None,
    seals: Seals = None,
    data: Data = None,
) -> None:
    """Check a proof by the file and a public key alone; status 1: it does not hold."""
    from eventstore.sealing.proof import ProofRefused  # noqa: PLC0415 - a part imports only what it runs
    from runtime import sealing  # noqa: PLC0415 - a part imports only what it runs

    keys = sealing.parse_keys(key) if key else sealing.keys_in(seals or second_place_here(data))
    try:
        proof = sealing.check_proof_file(file, keys)
    except ProofRefused as refusal:
        typer.echo(f"seatledger: {file} proves nothing: {refusal}", err=True)
        sys.exit(FAULT)
    console.print(format_proof(proof))


def format_verification(found: "Verification", place: str) -> str:
    """Say what was compared, and what is wrong or younger."""
    lines: list[str] = []
    if found.fault is not None:
        event = f" ({found.fault.name} of {found.fault.stream})" if found.fault.name else ""
        seal = f", under seal {found.fault.seal}" if found.fault.seal else ""
        lines.append(f"FAULT {found.fault.kind} at position {found.fault.position}{seal}: {found.fault.what}{event}")
        if not found.fault.in_the_log:
            lines.append(f"This is a fault of the second place, {place}; it says nothing about the log.")
    if found.events:
        lines.append(
            f"{found.events:,} events at {found.first:,} … {found.last:,} are in order: content, digests, positions, "
            f"commands. Seals checked: {found.seals:,}."
        )
    if found.chain is None:
        lines.append(f"Nothing was ever sealed in {place}.")
    if found.unsealed:
        since = (
            "" if found.unsealed_since is None else f", the first since {found.unsealed_since:%Y-%m-%d %H:%M:%S} UTC"
        )
        lines.append(
            f"{found.unsealed:,} events are not sealed yet{since}: their digests are checked, not who made them."
        )
    return "\n".join(lines) or "The log is empty: nothing was compared."


def format_proof(proof: "Proof") -> str:
    """Say what a proof proves."""
    content, seal = proof.content, proof.seal
    return (
        f"{content['name']} of {content['stream']}, recorded at {format_time(content['recorded_at'])}, stands at "
        f"position {content['position']:,} of the log, exactly as in the file:\n{content['data']}\n"
        f"Seal {seal.number:,} of chain {seal.chain} covers it, signed at {format_time(seal.sealed_at)} with the key "
        f"{seal.key_id}. What happened afterwards, such as a refund, is not in the file."
    )


class Rate(ProgressColumn):
    """Events a second."""

    def render(self, task: Task) -> Text:
        """Show it."""
        return Text(f"{task.speed or 0:,.0f} events/s")


@contextmanager
def progress_bar() -> Iterator["Report"]:
    """Show how far a comparison is, on standard error."""
    columns = (TextColumn("comparing"), BarColumn(), TaskProgressColumn(), Rate(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("comparing", total=None)

        def report(reached: int, until: int) -> None:
            bar.update(task, completed=reached, total=max(until, 1))

        yield report
