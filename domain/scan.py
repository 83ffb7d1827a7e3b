"""One scan of one device: what was read where, and its result. A scan is sent again under the same nonce."""

from dataclasses import dataclass
from typing import assert_never

from domain.decision import StreamType
from domain.ticket import EntryMode, RefusalReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that the result of a scan depends on; the code itself is stored only as its hash."""

    code_sha256: str
    gate: str
    performance: str | None = None
    mode: EntryMode = EntryMode.ONLINE
    override_window: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanAdmitted:
    """The scan admitted `ticket`."""

    reading: Reading
    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRefused:
    """The scan was refused; `ticket`: the one that its code names, if it is readable."""

    reading: Reading
    ticket: str | None
    reason: RefusalReason


ScanEvent = ScanAdmitted | ScanRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class NoScan:
    """Nothing has been sent under this nonce."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A scan that admitted `ticket`."""

    reading: Reading
    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A scan that was refused."""

    reading: Reading
    ticket: str | None


Scan = NoScan | Admitted | Refused


def evolve(_: Scan, event: ScanEvent) -> Scan:
    """Return the scan after `event`."""
    match event:
        case ScanAdmitted():
            return Admitted(reading=event.reading, ticket=event.ticket)
        case ScanRefused():
            return Refused(reading=event.reading, ticket=event.ticket)
        case _:
            assert_never(event)


SCAN: StreamType[Scan] = StreamType("scan", NoScan(), evolve)


def scan_id(device: str, nonce: str) -> str:
    """Return the id by which a scan is known outside: the key of its stream."""
    return f"{device}-{nonce}"
