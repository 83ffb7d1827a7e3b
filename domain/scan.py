"""One scan by one device: its input and its result. A retry of a scan carries the same nonce."""

from dataclasses import dataclass
from typing import assert_never

from domain.decision import StreamType
from domain.ticket import EntryMode, RefusalReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The input of a scan, which determines its result; of the code only the hash is stored."""

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
    """The scan was refused; `ticket`: the one its code names, None if the code is unreadable."""

    reading: Reading
    ticket: str | None
    reason: RefusalReason


ScanEvent = ScanAdmitted | ScanRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class NoScan:
    """No scan was sent with this nonce."""


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
    """Return the public id of a scan, which is the key of its stream."""
    return f"{device}-{nonce}"
