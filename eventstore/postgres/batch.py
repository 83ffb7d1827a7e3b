"""Converts a batch to the arguments of the append function, and its rows to verdicts."""

from collections.abc import Sequence
from typing import Any

from eventstore.postgres import binary_arrays
from eventstore.store import (
    Append,
    Appended,
    Conflict,
    NewEvent,
    OutsideTimeWindow,
    Refused,
    Replayed,
    RequestFingerprint,
    Verdict,
)

Row = tuple[Any, ...]


def arguments(batch: Sequence[Append]) -> dict[str, binary_arrays.BinaryArray]:
    """Return the batch as flat arrays of commands, expectations and events, linked by ordinals from 1."""
    commands: list[int] = []
    streams: list[str] = []
    versions: list[int] = []
    written_on: list[int] = []
    events: list[NewEvent] = []
    for ordinal, append in enumerate(batch, 1):
        for write in append.writes:
            commands.append(ordinal)
            streams.append(write.stream)
            versions.append(write.expected)
            written_on += [len(commands)] * len(write.events)
            events += write.events
        guards = append.guards
        commands += [ordinal] * len(guards)
        streams += guards.keys()
        versions += guards.values()
    return {
        "command_ids": binary_arrays.uuids([append.command_id for append in batch]),
        "accounts": binary_arrays.texts([append.fingerprint.account for append in batch]),
        "routes": binary_arrays.texts([append.fingerprint.route for append in batch]),
        "bodies": binary_arrays.bytestrings([append.fingerprint.body_sha256 for append in batch]),
        "metadatas": binary_arrays.jsons([append.metadata for append in batch]),
        "not_befores": binary_arrays.times([append.not_before for append in batch]),
        "not_afters": binary_arrays.times([append.not_after for append in batch]),
        "asked_ats": binary_arrays.times([append.asked_at for append in batch]),
        "expectation_commands": binary_arrays.integers(commands),
        "expectation_streams": binary_arrays.texts(streams),
        "expectation_versions": binary_arrays.bigints(versions),
        "event_expectations": binary_arrays.integers(written_on),
        "event_names": binary_arrays.texts([event.name for event in events]),
        "event_schema_versions": binary_arrays.integers([event.schema_version for event in events]),
        "event_datas": binary_arrays.jsons([event.data for event in events]),
    }


def verdicts(rows: Sequence[Row], commands: int) -> list[Verdict]:
    """Return one verdict per command, in the order of the batch.

    Raises:
        AssertionError: the rows do not match the batch that was sent.
    """
    judged: dict[int, Verdict] = {row[0]: _verdict(row) for row in rows}
    if len(rows) != commands or len(judged) != commands:
        raise AssertionError(f"{len(rows)} verdicts for {commands} commands")
    return [judged[ordinal] for ordinal in range(1, commands + 1)]


def _verdict(row: Row) -> Verdict:
    _, outcome, first, last, at, stream, version, account, route, body_sha256, refused_at = row
    match outcome:
        case "appended":
            return Appended(first=first, last=last, recorded_at=at)
        case "replayed":
            fingerprint = RequestFingerprint(account=account, route=route, body_sha256=body_sha256)
            return Replayed(first=first, last=last, recorded_at=at, fingerprint=fingerprint)
        case "conflict":
            return Conflict(stream=stream, version=version)
        case "late":
            return OutsideTimeWindow(now=at)
        case "refused":
            return Refused(refused_at=refused_at, now=at)
        case _:
            raise AssertionError(f"unknown outcome {outcome!r} of the append function")
