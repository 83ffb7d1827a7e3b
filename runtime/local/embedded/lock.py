"""One server per data folder, for as long as either its owner or the server itself lives."""

import fcntl
import os
import time
from pathlib import Path

from runtime.local.embedded.errors import DataInUse

ENDING_SECONDS_MAX = 30.0
POLL_SECONDS = 0.02


class FolderLock:
    """Two flocks on a data folder.

    `owner.lock` is held by the process that starts the server and tells a second start at once that the folder is
    in use. `server.lock` is handed to the server and outlives a killed owner until the last process of the server is
    gone; whoever gets it knows that a left-over pid file is stale.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._owner: int | None = None
        self._server: int | None = None
        self.left_by: int | None = None
        """The process that held the lock before and did not release it: it was killed, or the machine went down."""

    @property
    def descriptor(self) -> int:
        """The descriptor the server must inherit."""
        if self._server is None:
            raise ValueError("the lock is not taken, or already handed over")
        return self._server

    def take(self) -> None:
        """Take both locks, waiting only for the server of a killed owner to end.

        Raises:
            DataInUse: another owner lives, or the earlier server does not end.
        """
        owner = os.open(self._folder / "owner.lock", os.O_RDWR | os.O_CREAT, 0o600)
        if not locked(owner):
            holder = os.pread(owner, 20, 0).decode() or "another one"
            os.close(owner)
            raise DataInUse(
                f"{self._folder} is in use by a running seatledger (process {holder}). Stop that one, or choose "
                "another folder with DATA."
            )
        self._owner = owner
        before = os.pread(owner, 20, 0).decode()
        self.left_by = int(before) if before.isdigit() else None
        os.ftruncate(owner, 0)
        os.pwrite(owner, str(os.getpid()).encode(), 0)
        self._server = self._wait_for_server_lock()

    def close_server_handle(self) -> None:
        """Keep no copy of the server's lock once the server has inherited it."""
        if self._server is not None:
            os.close(self._server)
        self._server = None

    def release(self) -> None:
        """Give up whatever is held; harmless when nothing is."""
        self.close_server_handle()
        if self._owner is not None:
            os.ftruncate(self._owner, 0)
            os.close(self._owner)
        self._owner = None

    def _wait_for_server_lock(self) -> int:
        server = os.open(self._folder / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + ENDING_SECONDS_MAX
        while not locked(server):
            if time.monotonic() > deadline:
                os.close(server)
                self.release()
                raise DataInUse(
                    f"the server of an earlier run still keeps {self._folder} after {ENDING_SECONDS_MAX:.0f} s. "
                    "End it, or choose another folder with DATA."
                )
            time.sleep(POLL_SECONDS)
        return server


def locked(descriptor: int) -> bool:
    """Try to lock an open file without waiting."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
