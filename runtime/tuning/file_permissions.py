"""Files that a command writes: into a folder that is there, and never over something else."""

import os
from pathlib import Path

from runtime.settings import SettingsRefused


def require_new(*files: Path) -> None:
    """Make sure that files can be written, and that nothing is written over.

    Raises:
        SettingsRefused: it says which folder or file.
    """
    for file in files:
        folder = file.parent
        if not folder.is_dir():
            raise SettingsRefused(f"There is no folder {folder}; make it first.")
        if not os.access(folder, os.W_OK):
            raise SettingsRefused(f"Nothing may be written to the folder {folder}.")
        if file.exists():
            raise SettingsRefused(f"{file} is there already; name another file, or remove it.")
