"""Folders for what servers write in a test run: much, small, and of no use afterwards."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

MEMORY = Path("/dev/shm")
ROOM_MIN = 4 << 30
"""Bytes; containers often have far less of it."""


@contextmanager
def folder_in_memory() -> Iterator[Path]:
    """Make a folder in memory if there is room, and on the disk if not; it goes with everything in it."""
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM_MIN
    with TemporaryDirectory(prefix="seatledger-", dir=MEMORY if roomy else None) as folder:
        yield Path(folder)
