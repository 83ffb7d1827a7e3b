"""What every embedded server shares: lock the folder, launch, wait until it answers, stop."""

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

START_SECONDS_MAX = 300.0  # recovery after a crash reads gigabytes of log; a server that ends is noticed at once
POLL_SECONDS = 0.01
PORT_TRIES_MAX = 3


class EmbeddedServer(ABC):
    """One server of our own on loopback, in a folder of its own, gone when we are gone.

    Args:
        data: the server's folder, made if missing. Port, passwords, log and locks lie beside its files.
        port: a fixed port; otherwise one is drawn at the first start and kept.
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
        """The loopback port, known once the server was started for the first time."""
        return int((self.data / "port").read_text())

    def keep_port(self) -> None:
        """Start only on today's port from now on: who is connected comes back to it."""
        self._fixed_port = self.port

    @property
    def process(self) -> SupervisedProcess:
        """The running process, to be watched for its end."""
        if self._process is None:
            raise ValueError(f"{self.name} is not started")
        return self._process

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            DataInUse: another process runs a server in this folder.
            ServerDidNotStart: it ended or stayed mute; the message carries its last words.
            ServerTooOld: its version is not supported.
        """
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock.take()
        try:
            self._prepare()
            self._start_on_a_free_port()
            self._when_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server and wait until it is gone; harmless when it isn't running."""
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
        """Make what the server needs before its first start; called with the folder locked."""

    @abstractmethod
    def _launch(self, port: int) -> LaunchSpec:
        """Say how to run the server on this port."""

    @abstractmethod
    def _answers(self) -> bool:
        """Tell whether the server takes requests; raise if it is not the one we started."""

    @abstractmethod
    def _when_ready(self) -> None:
        """Do what only a running server lets us do, such as checking its version."""

    def _start_on_a_free_port(self) -> None:
        for tries_left in reversed(range(PORT_TRIES_MAX)):
            port = self._choose_port()
            self._process = SupervisedProcess(self._launch(port))
            if self._became_ready(self._process):
                self._lock.close_server_handle()
                return
            lost_the_port = self._fixed_port is None and not is_free(port)
            if not (lost_the_port and tries_left):
                raise ServerDidNotStart(
                    f"{self.name} did not start. Its last words ({self.log}):\n" + self._last_words()
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
            if self._answers():
                return True
        return False

    def _last_words(self) -> str:
        return self.process.last_words()


def clean_environment() -> dict[str, str]:
    """An environment in which nothing a person has set (PGPORT, PGDATA, LC_ALL …) changes what a server does."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "TZ": "UTC"}
