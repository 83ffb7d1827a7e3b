"""`seatledger audit verify | prove | check`: the log compared with its seals, and inclusion proofs of tickets."""

import asyncio
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from uuid import UUID

import orjson
import psycopg
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from api.presenters.seals import verification_json
from eventstore.sealing.proof import Proof, ProofRefused, proof_to_json
from eventstore.sealing.verification.pool import WorkerLost
from eventstore.sealing.verification.result import Verification
from eventstore.sealing.verification.verify import Report
from runtime import sealing
from runtime.cli.options import After, AsJson, Data, UpTo
from runtime.cli.output import NOTHING_FOUND, console, format_time, show_json
from runtime.local.data_directory import local_seal_archive, local_settings
from runtime.tuning.file_permissions import require_new

FAULT = 1
NOT_COMPARED = 2

Key = Annotated[
    list[str] | None,
    typer.Option("--key", help="A trusted public key in hexadecimal; no other key is trusted."),
]
Seals = Annotated[Path | None, typer.Option(help="A seal archive that publishes the trusted keys.", file_okay=False)]


def verify(
    *,
    after: After = 0,
    up_to: UpTo = None,
    key: Key = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Verify the log against the seal archive.

    Names the first event that differs from what was sealed. A seal that covers a part of the range is checked whole.

    Exit status: 0 no fault; 1 a fault; 2 the comparison failed; 3 there was nothing to compare.
    """
    settings = local_settings(data)
    keys = sealing.parse_keys(key) if key else None
    try:
        with progress_bar() as report:
            found = sealing.verify_log(settings, first=after + 1, last=up_to, keys=keys, report=report)
    except (psycopg.OperationalError, WorkerLost, OSError) as error:
        typer.echo(f"seatledger: the log could not be compared: {error}", err=True)
        sys.exit(NOT_COMPARED)
    if found.fault is None and after and after >= max(found.head, found.sealed_to):
        typer.echo(f"seatledger: no event comes after position {after}: the log ends at {found.head}.", err=True)
        sys.exit(NOT_COMPARED)
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
    out: Annotated[Path | None, typer.Option(help="The file to write the proof to.", dir_okay=False)] = None,
    data: Data = None,
) -> None:
    """Write an inclusion proof of a ticket's issue.

    The proof can be checked without the database.
    """
    file, settings = out or Path(f"ticket-{ticket}.proof.json"), local_settings(data)
    require_new(file)
    proof = asyncio.run(sealing.prove_ticket(settings, str(ticket)))
    file.write_bytes(orjson.dumps(proof_to_json(proof), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    command = ["seatledger", "audit", "check", str(file), "--seals", str(settings.seal_archive.absolute())]
    console.print(f"{file} proves the event at {proof.content['position']}; check it with: {shlex.join(command)}")


def check(
    file: Annotated[Path, typer.Argument(help="What `seatledger audit prove` wrote.", exists=True, dir_okay=False)],
    key: Key = None,
    seals: Seals = None,
    data: Data = None,
) -> None:
    """Check an inclusion proof without the database.

    Needs only the file and a public key. Exit status 1: the proof is not valid.
    """
    keys = sealing.parse_keys(key) if key else sealing.published_keys(seals or local_seal_archive(data))
    try:
        proof = sealing.check_proof_file(file, keys)
    except ProofRefused as refusal:
        typer.echo(f"seatledger: {file} proves nothing: {refusal}", err=True)
        sys.exit(FAULT)
    console.print(format_proof(proof))


def format_verification(found: Verification, archive: str) -> str:
    """Describe the compared range, the fault if there is one, and the events that are not sealed yet."""
    lines: list[str] = []
    if found.fault is not None:
        event = f" ({found.fault.name} of {found.fault.stream})" if found.fault.name else ""
        seal = f", under seal {found.fault.seal}" if found.fault.seal else ""
        lines.append(f"FAULT {found.fault.kind} at position {found.fault.position}{seal}: {found.fault.what}{event}")
        if not found.fault.in_the_log:
            lines.append(f"This is a fault of the seal archive, {archive}, not of the log.")
    if found.events:
        lines.append(
            f"{found.events:,} events at {found.first:,} … {found.last:,} are in order: content, digests, positions, "
            f"commands. Seals checked: {found.seals:,}."
        )
    if found.chain is None:
        lines.append(f"The seal archive {archive} holds no seals.")
    if found.unsealed:
        since = (
            "" if found.unsealed_since is None else f", the first since {found.unsealed_since:%Y-%m-%d %H:%M:%S} UTC"
        )
        lines.append(f"{found.unsealed:,} events are not sealed yet{since}: digests are checked, authenticity is not.")
    return "\n".join(lines) or "The log is empty: nothing was compared."


def format_proof(proof: Proof) -> str:
    """Describe the event that a valid proof covers, and its seal."""
    content, seal = proof.content, proof.seal
    return (
        f"{content['name']} of {content['stream']}, recorded at {format_time(content['recorded_at'])}, is at "
        f"position {content['position']:,} of the log, exactly as in the file:\n{content['data']}\n"
        f"Seal {seal.number:,} of chain {seal.chain} covers it, signed at {format_time(seal.sealed_at)} with the key "
        f"{seal.key_id}. Later events, such as a refund, are not in the file."
    )


class Rate(ProgressColumn):
    """Column that shows events a second."""

    def render(self, task: Task) -> Text:
        """Return the task's speed."""
        return Text(f"{task.speed or 0:,.0f} events/s")


@contextmanager
def progress_bar() -> Iterator[Report]:
    """Show the progress of a comparison on standard error; yield the function that reports it."""
    columns = (TextColumn("comparing"), BarColumn(), TaskProgressColumn(), Rate(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("comparing", total=None)

        def report(reached: int, until: int) -> None:
            bar.update(task, completed=reached, total=max(until, 1))

        yield report
