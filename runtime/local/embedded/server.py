"""The base of the embedded servers: lock the folder, launch, wait until the server responds, stop."""

import os
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from runtime.local.embedded.errors import ServerDidNotStart
from runtime.local.embedded.lock import FolderLock
from runtime.local.embedded.persisted_values import is_free, persisted_port, write_private
from runtime.local.embedded.process import LaunchSpec, SupervisedProcess

START_SECONDS_MAX = 300.0  # recovery after a crash may read gigabytes; the end of a server is noticed at once
POLL_SECONDS = 0.01
PORT_TRIES_MAX = 3


class EmbeddedServer(ABC):
    """A server on loopback with a folder of its own, which ends with this process.

    Args:
        data: the server's folder, created if missing; it also holds port, passwords, log and locks.
        port: a fixed port; None: one is chosen at the first start and kept.
    """

    name: ClassVar[str]

    def __init__(self, data: Path, *, port: int | None = None) -> None:
        self.data = data.absolute()
        self.log = self.data / "server.log"
        self._fixed_port = port
        self._lock = FolderLock(self.data)
        self._process: SupervisedProcess | None = None

    @property
    def port(self) -> int:
        """The loopback port; known after the first start."""
        return int((self.data / "port").read_text())

    def fix_port(self) -> None:
        """Restart only on the current port from now on, because clients reconnect to it."""
        self._fixed_port = self.port

    @property
    def process(self) -> SupervisedProcess:
        """The running process; raises ValueError when it is not started."""
        if self._process is None:
            raise ValueError(f"{self.name} is not started")
        return self._process

    def start(self) -> None:
        """Start the server and wait until it responds.

        Raises:
            DataInUse: another process runs a server in this folder.
            ServerDidNotStart: it ended or did not respond; the message contains its last lines.
            ServerTooOld: its version is not supported.
        """
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock.acquire()
        try:
            self._prepare()
            self._start_on_a_free_port()
            self._when_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server and wait for its end; changes nothing when it is not running."""
        if self._process is not None:
            self._process.stop()
        self._process = None
        self._lock.release()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @abstractmethod
    def _prepare(self) -> None:
        """Create the files that the server needs; called with the folder locked."""

    @abstractmethod
    def _launch(self, port: int) -> LaunchSpec:
        """Return how to run the server on this port."""

    @abstractmethod
    def _is_responding(self) -> bool:
        """Return whether this server, and not another one on the port, accepts requests."""

    @abstractmethod
    def _when_ready(self) -> None:
        """Do what needs the running server, such as checking its version."""

    def _start_on_a_free_port(self) -> None:
        for tries_left in reversed(range(PORT_TRIES_MAX)):
            port = self._choose_port()
            self._process = SupervisedProcess(self._launch(port))
            if self._became_ready(self._process):
                self._lock.close_server_handle()
                return
            has_lost_port = self._fixed_port is None and not is_free(port)
            if not (has_lost_port and tries_left):
                raise ServerDidNotStart(
                    f"{self.name} did not start. Its last lines ({self.log}):\n{self.process.last_lines()}"
                )

    def _choose_port(self) -> int:
        if self._fixed_port is None:
            return persisted_port(self.data / "port")
        write_private(self.data / "port", str(self._fixed_port))
        return self._fixed_port

    def _became_ready(self, process: SupervisedProcess) -> bool:
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            if process.wait(POLL_SECONDS) is not None:
                return False
            if self._is_responding():
                return True
        return False


def clean_environment() -> dict[str, str]:
    """Return an environment without variables that would change a server's behaviour (PGPORT, PGDATA, LC_ALL …)."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "TZ": "UTC"}
