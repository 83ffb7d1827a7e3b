"""Heartbeats of the parts on one machine: each part touches a file of its own every two seconds."""

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

EVERY_S = 2.0
SILENT_AFTER_S = 10.0
ALIVE, SILENT = "alive", "silent"
STOPPED = "Tt"
"""The states of a stopped process in /proc/…/stat."""


def start_heartbeat(file: Path) -> None:
    """Touch a file every two seconds from a daemon thread."""

    def beat() -> None:
        while True:
            with suppress(OSError):
                file.touch()
            time.sleep(EVERY_S)

    threading.Thread(target=beat, name="heartbeat", daemon=True).start()


def seconds_silent(file: Path) -> float:
    """Return the seconds since the last heartbeat; 0 if there never was one."""
    try:
        return max(0.0, time.time() - file.stat().st_mtime)
    except OSError:
        return 0.0


def liveness(folder: Path) -> Mapping[str, str]:
    """Return `alive` or `silent` for each part that has a heartbeat file."""
    return {
        file.name: ALIVE if seconds_silent(file) < SILENT_AFTER_S else SILENT for file in sorted(folder.glob("[a-z]*"))
    }


def is_stopped(supervisor: int) -> bool:
    """Return whether the process under a supervisor is stopped (SIGSTOP, a debugger)."""
    with suppress(OSError, IndexError):
        for child in Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split():
            return Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] in STOPPED
    return False


class Watchdog:
    """Reports once when a part's heartbeats stop, and once when they resume.

    Args:
        folder: the folder of the heartbeat files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._silent: set[str] = set()

    def file_of(self, part: str) -> Path:
        """Return the heartbeat file of a part."""
        return self._folder / part

    def start_counting(self, part: str) -> None:
        """Count the silence of a part from now."""
        self.record_heartbeat(part)
        self._silent.discard(part)

    def forget(self, part: str) -> None:
        """Expect no further heartbeats of a part."""
        self.file_of(part).unlink(missing_ok=True)
        self._silent.discard(part)

    def forget_all(self) -> None:
        """Remove the heartbeat files of an earlier run."""
        for file in self._folder.glob("*"):
            file.unlink()

    def record_heartbeat(self, part: str) -> None:
        """Touch the file of a server that has no heartbeat; a full disk is ignored."""
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.file_of(part).touch()

    def check(self, part: str, *, outage_effect: str, process: int) -> str | None:
        """Return a message about a change since the last call; None: nothing has changed."""
        silent_s = seconds_silent(self.file_of(part))
        if silent_s >= SILENT_AFTER_S and part not in self._silent:
            self._silent.add(part)
            return (
                f"{part} has sent no heartbeat for {silent_s:.0f} s: it was stopped (SIGSTOP, a debugger), or the "
                f"machine is short of memory or processor time. {outage_effect} If it stays silent, end it with "
                f"kill -9 {process}; it is restarted."
            )
        if silent_s < SILENT_AFTER_S and part in self._silent:
            self._silent.discard(part)
            return f"{part} sends heartbeats again."
        return None
