"""Signs of life of the parts on one machine: each touches a file of its own every two seconds."""

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


def beat_forever(file: Path) -> None:
    """Touch a file from a thread of its own, for as long as the process runs."""

    def beat() -> None:
        while True:
            with suppress(OSError):
                file.touch()
            time.sleep(EVERY_S)

    threading.Thread(target=beat, name="heartbeat", daemon=True).start()


def seconds_silent(file: Path) -> float:
    """Return for how long a part has given no sign of life; 0 for one that has never given one."""
    try:
        return max(0.0, time.time() - file.stat().st_mtime)
    except OSError:
        return 0.0


def liveness(folder: Path) -> Mapping[str, str]:
    """Return for each part that ever ran whether it is alive or silent."""
    return {
        file.name: ALIVE if seconds_silent(file) < SILENT_AFTER_S else SILENT for file in sorted(folder.glob("[a-z]*"))
    }


def is_stopped(supervisor: int) -> bool:
    """Tell whether the process that a supervisor looks after was stopped (SIGSTOP, a debugger)."""
    with suppress(OSError, IndexError):
        for child in Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split():
            return Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] in STOPPED
    return False


class Watchdog:
    """Tells once when a part falls silent, and once when it is back.

    Args:
        folder: where the parts touch their files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._silent: set[str] = set()

    def file_of(self, part: str) -> Path:
        """Return the file that a part touches."""
        return self._folder / part

    def start_counting(self, part: str) -> None:
        """Begin to count from now."""
        self.record_heartbeat(part)
        self._silent.discard(part)

    def forget(self, part: str) -> None:
        """Expect no sign of a part any more."""
        self.file_of(part).unlink(missing_ok=True)
        self._silent.discard(part)

    def forget_all(self) -> None:
        """Forget the parts of an earlier run."""
        for file in self._folder.glob("*"):
            file.unlink()

    def record_heartbeat(self, part: str) -> None:
        """Touch the file of a server that touches none itself; without room for the file nothing is lost."""
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.file_of(part).touch()

    def check(self, part: str, *, meanwhile: str, process: int) -> str | None:
        """Return what there is to say about a part that runs; usually nothing."""
        silent_s = seconds_silent(self.file_of(part))
        if silent_s >= SILENT_AFTER_S and part not in self._silent:
            self._silent.add(part)
            return (
                f"{part} has given no sign of life for {silent_s:.0f} s: it was stopped (SIGSTOP, a debugger), or the "
                f"machine is short of memory or processor time. {meanwhile} If it stays so, end it with kill -9 "
                f"{process}; it is started again."
            )
        if silent_s < SILENT_AFTER_S and part in self._silent:
            self._silent.discard(part)
            return f"{part} gives signs of life again."
        return None
