"""Ensures one server per data folder, as long as its owner or the server itself lives."""

import fcntl
import os
import time
from pathlib import Path

from runtime.local.embedded.errors import DataInUse

ENDING_SECONDS_MAX = 30.0
POLL_SECONDS = 0.02


class FolderLock:
    """Two flocks on a data folder.

    `owner.lock` is held by the process that starts the server, so that a second start fails at once. `server.lock` is
    inherited by the server and outlives a killed owner until the server's last process has ended, so its holder knows
    that an existing pid file is stale.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._owner: int | None = None
        self._server: int | None = None
        self.unclean_owner: int | None = None
        """The previous owner if it did not release the lock: it was killed, or the machine went down."""

    @property
    def descriptor(self) -> int:
        """The descriptor that the server must inherit."""
        if self._server is None:
            raise ValueError("the lock is not taken, or already handed over")
        return self._server

    def acquire(self) -> None:
        """Acquire both locks; wait at most 30 seconds for the server of a killed owner to end.

        Raises:
            DataInUse: another owner lives, or the earlier server does not end.
        """
        owner = os.open(self._folder / "owner.lock", os.O_RDWR | os.O_CREAT, 0o600)
        if not try_lock(owner):
            holder = os.pread(owner, 20, 0).decode() or "unknown"
            os.close(owner)
            raise DataInUse(
                f"{self._folder} is in use by a running seatledger (process {holder}). Stop that process, or choose "
                "another folder with DATA."
            )
        self._owner = owner
        previous = os.pread(owner, 20, 0).decode()
        self.unclean_owner = int(previous) if previous.isdigit() else None
        os.ftruncate(owner, 0)
        os.pwrite(owner, str(os.getpid()).encode(), 0)
        self._server = self._wait_for_server_lock()

    def close_server_handle(self) -> None:
        """Close this process's copy of the server's lock once the server has inherited it."""
        if self._server is not None:
            os.close(self._server)
        self._server = None

    def release(self) -> None:
        """Release the held locks; changes nothing when none is held."""
        self.close_server_handle()
        if self._owner is not None:
            os.ftruncate(self._owner, 0)
            os.close(self._owner)
        self._owner = None

    def _wait_for_server_lock(self) -> int:
        server = os.open(self._folder / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + ENDING_SECONDS_MAX
        while not try_lock(server):
            if time.monotonic() > deadline:
                os.close(server)
                self.release()
                raise DataInUse(
                    f"the server of an earlier run still uses {self._folder} after {ENDING_SECONDS_MAX:.0f} s. "
                    "End it, or choose another folder with DATA."
                )
            time.sleep(POLL_SECONDS)
        return server


def try_lock(descriptor: int) -> bool:
    """Lock an open file without waiting; return whether it is locked now."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
