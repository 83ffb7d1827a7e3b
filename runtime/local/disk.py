"""How much room a folder's disk has."""

import errno
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FREE_BYTES_MIN = 32 * 1024**2
"""With less than this, a server that ended is taken to have ended for want of room: PostgreSQL alone writes segments of
4 MB, and NATS reserves its files in advance."""

MIB = 1024**2
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
NO_ROOM_WORDS = ("No space left on device", "Disk quota exceeded", "database or disk is full")


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The room on the disk that a folder is on.

    Args:
        mount: where the disk is mounted.
    """

    mount: Path
    free_bytes: int
    total_bytes: int

    @property
    def is_short(self) -> bool:
        """Whether servers cannot be expected to start."""
        return self.free_bytes < FREE_BYTES_MIN

    def __str__(self) -> str:
        """Return which disk it is and how much is free, for a sentence."""
        free, total = self.free_bytes / MIB, self.total_bytes / MIB
        return f"the disk mounted at {self.mount} has {free:,.0f} of {total:,.0f} MiB free"


def room_of(folder: Path) -> Room:
    """Return the room on the disk of a folder, which need not exist yet."""
    existing = folder.absolute()
    while not existing.exists():
        existing = existing.parent
    found = os.statvfs(existing)
    mount = existing
    while not mount.is_mount():
        mount = mount.parent
    return Room(mount=mount, free_bytes=found.f_bavail * found.f_frsize, total_bytes=found.f_blocks * found.f_frsize)


def is_no_room(error: BaseException) -> bool:
    """Tell whether an error says that a disk is full."""
    return isinstance(error, OSError) and error.errno in NO_ROOM


def is_out_of_space(lines: Iterable[str]) -> bool:
    """Tell whether what a program wrote says that a disk is full."""
    return any(words in line for line in lines for words in NO_ROOM_WORDS)


class DiskWatch:
    """Tells once when a disk becomes full, and once when there is room again.

    Args:
        folder: on the disk.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._is_short = False

    def check(self) -> str | None:
        """Return what there is to say; usually nothing."""
        room = room_of(self._folder)
        if room.is_short == self._is_short:
            return None
        self._is_short = room.is_short
        if room.is_short:
            return (
                f"There is hardly room left: {room}. Nothing is lost, but what has to be written gets 503 once it is "
                "full. Make room; the shop goes on by itself."
            )
        return f"There is room again: {room}."
