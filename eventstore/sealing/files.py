"""Files that are on the disk when a call returns."""

import os
from pathlib import Path


def append_durably(file: Path, content: bytes, *, at: int | None = None) -> None:
    """Add to a file, which is made if need be.

    Args:
        at: cut off what stands from here on first; None: nothing.
    """
    new = not file.exists()
    with file.open("ab") as out:
        if at is not None:
            out.truncate(at)
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    if new:
        sync_folder(file.parent)


def write_atomically(file: Path, text: str) -> None:
    """Write a small file in one step, so that a crash leaves all of it or nothing."""
    draft = file.with_name(file.name + ".new")
    draft.unlink(missing_ok=True)
    append_durably(draft, text.encode())
    draft.replace(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Put a folder's list of files on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
