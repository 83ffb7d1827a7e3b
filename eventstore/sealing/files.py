"""Durable file operations: the content is synced to disk when a call returns."""

import os
from pathlib import Path


def append_durably(file: Path, content: bytes, *, at: int | None = None) -> None:
    """Append to a file, creating it if necessary.

    Args:
        at: truncate the file to this size first; None: do not.
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
    """Write a small file atomically, so that a crash leaves all of it or nothing."""
    draft = file.with_name(file.name + ".new")
    draft.unlink(missing_ok=True)
    append_durably(draft, text.encode())
    draft.replace(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Sync a folder's list of files to disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
