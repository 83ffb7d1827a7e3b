"""Checks before a command writes files."""

import os
from pathlib import Path

from runtime.settings import SettingsRefused


def require_new(*files: Path) -> None:
    """Check that files can be created and that none of them exists.

    Raises:
        SettingsRefused: a folder is missing or not writable, or a file exists; the message names it.
    """
    for file in files:
        folder = file.parent
        if not folder.is_dir():
            raise SettingsRefused(f"There is no folder {folder}; create it first.")
        if not os.access(folder, os.W_OK):
            raise SettingsRefused(f"The folder {folder} is not writable.")
        if file.exists():
            raise SettingsRefused(f"{file} exists already; name another file, or remove it.")
