"""Free space on the disk of a folder."""

import errno
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FREE_BYTES_MIN = 32 * 1024**2
"""Below this, a full disk is taken to be the reason why a server ended: PostgreSQL writes segments of 4 MB, and NATS
reserves its files in advance."""

MIB = 1024**2
DISK_FULL_CODES = (errno.ENOSPC, errno.EDQUOT)
DISK_FULL_MESSAGES = ("No space left on device", "Disk quota exceeded", "database or disk is full")


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskSpace:
    """Free and total space of a disk.

    Args:
        mount: the disk's mount point.
    """

    mount: Path
    free_bytes: int
    total_bytes: int

    @property
    def is_low(self) -> bool:
        """Whether too little is free for servers to start."""
        return self.free_bytes < FREE_BYTES_MIN

    def __str__(self) -> str:
        """Return mount point, free and total space, for a message."""
        free, total = self.free_bytes / MIB, self.total_bytes / MIB
        return f"the disk mounted at {self.mount} has {free:,.0f} of {total:,.0f} MiB free"


def disk_space_of(folder: Path) -> DiskSpace:
    """Return the space on the disk of a folder, which need not exist yet."""
    existing = folder.absolute()
    while not existing.exists():
        existing = existing.parent
    stat = os.statvfs(existing)
    mount = existing
    while not mount.is_mount():
        mount = mount.parent
    return DiskSpace(mount=mount, free_bytes=stat.f_bavail * stat.f_frsize, total_bytes=stat.f_blocks * stat.f_frsize)


def is_disk_full_error(error: BaseException) -> bool:
    """Return whether an error means that a disk or a quota is full."""
    return isinstance(error, OSError) and error.errno in DISK_FULL_CODES


def reports_disk_full(lines: Iterable[str]) -> bool:
    """Return whether a program's output reports a full disk."""
    return any(message in line for line in lines for message in DISK_FULL_MESSAGES)


class DiskSpaceMonitor:
    """Reports once when a disk's free space becomes low, and once when it is sufficient again.

    Args:
        folder: a folder on the disk.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._is_low = False

    def check(self) -> str | None:
        """Return a message about a change since the last call; None: nothing has changed."""
        space = disk_space_of(self._folder)
        if space.is_low == self._is_low:
            return None
        self._is_low = space.is_low
        if space.is_low:
            return (
                f"Disk space is low: {space}. Nothing is lost, but requests that write get 503 once the disk is full. "
                "Free some space; no restart is needed."
            )
        return f"Disk space is sufficient again: {space}."
