"""The parent's side of the fork server: starts it and has it fork the parts."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from runtime.local.embedded.process import KILLED_STATUS_BASE, LaunchSpec

PRELOADED = (
    "runtime.entrypoints.workers",
    "runtime.entrypoints.process_worker",
    "runtime.sealing",
    "sandbox_provider.app",
    "runtime.entrypoints.api_server",
    "runtime.cli.main",
    "runtime.cli.relay",
    "runtime.cli.seal",
)
"""The modules that the parts import: modules imported before the forks are in memory only once."""

STATUS_BYTES_MAX = 16
FORK_SECONDS_MAX = 60.0
"""For a fork, and for all imports before the first one; a fork server that takes longer is replaced."""

TITLE_ROOM = 400
"""Characters reserved for the command lines of the parts."""

SYSTEM_VARIABLES = (
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TERM", "VIRTUAL_ENV", "LD_LIBRARY_PATH"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR"),
)
SYSTEM_PREFIXES = ("LC_", "PYTHON", "XDG_")
MEMORY = {"MALLOC_ARENA_MAX": "2"}
"""Few arenas, because the C library keeps memory for each and a part has few threads."""


class ForkServerEnded(OSError):
    """The fork server does not respond."""


def base_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the system's variables of an environment, such as paths and locale, without settings."""
    return {
        name: value
        for name, value in environment.items()
        if name in SYSTEM_VARIABLES or name.startswith(SYSTEM_PREFIXES)
    }


class ForkServer:
    """Forks parts from one process that has imported their modules; the process is restarted if it has ended.

    Args:
        log: the file for the fork server's own output, normally empty.
        preloaded: the modules it imports.
    """

    def __init__(self, log: Path, *, preloaded: Sequence[str] = PRELOADED) -> None:
        self._log = log
        self._preloaded = list(preloaded)
        self._control: socket.socket | None = None
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process without waiting for its imports."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        words = [str(theirs.fileno()), " " * TITLE_ROOM]
        with self._log.open("ab") as log, theirs:
            self._popen = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "runtime.local.supervision.fork_server", *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**MEMORY, **base_environment(os.environ)},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        ours.send(json.dumps(self._preloaded).encode())
        self._control = ours

    def launch(self, launch: LaunchSpec) -> "ForkedChild":
        """Fork a part; restart the fork server once if it has ended.

        Raises:
            ForkServerEnded: the fork server ended again.
        """
        if self._control is None:
            self.start()
        try:
            return self._fork(launch)
        except ForkServerEnded:
            self.stop()
            self.start()
            return self._fork(launch)

    def stop(self) -> None:
        """End the fork server; the forked parts keep running."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._popen is not None:
            self._popen.kill()
            self._popen.wait()
            self._popen = None

    def _fork(self, launch: LaunchSpec) -> "ForkedChild":
        if self._control is None:
            raise ForkServerEnded("the fork server does not run")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(FORK_SECONDS_MAX)
        standard_input, stop_pipe = os.pipe()
        try:
            with theirs, launch.log.open("ab") as log:
                socket.send_fds(self._control, [b"."], [theirs.fileno(), standard_input, log.fileno()])
            message, descriptors, _, _ = socket.recv_fds(ours, STATUS_BYTES_MAX, 1)
            if not message:
                raise ForkServerEnded("the fork server ended before it had forked")
            config = {
                "name": launch.name,
                "argv": list(launch.argv),
                "env": dict(launch.env),
                "folder": str(launch.folder),
                "stops": list(launch.stops),
                "heartbeat": None if launch.heartbeat is None else str(launch.heartbeat),
            }
            ours.send(json.dumps(config).encode())
            ours.settimeout(None)
        except OSError as error:
            ours.close()
            os.close(stop_pipe)
            raise ForkServerEnded(str(error)) from error
        finally:
            os.close(standard_input)
        return ForkedChild(pid=int(message), pidfd=descriptors[0], channel=ours, stop_pipe=stop_pipe)


class ForkedChild:
    """A forked supervisor and the part it runs."""

    def __init__(self, *, pid: int, pidfd: int, channel: socket.socket, stop_pipe: int) -> None:
        self.pid = pid
        self._pidfd = pidfd
        self._channel = channel
        self._stop_pipe = stop_pipe
        self._status: int | None = None

    def fileno(self) -> int:
        """The channel, which becomes readable when the status arrives or the supervisor has ended."""
        return self._channel.fileno()

    def poll(self) -> int | None:
        """Return the exit status, that of the kill if the supervisor was killed; None while it runs."""
        if self._status is None and select.select([self._channel], [], [], 0)[0]:
            message = self._channel.recv(STATUS_BYTES_MAX)
            self._status = int(message) if message else KILLED_STATUS_BASE + signal.SIGKILL
        return self._status

    def request_stop(self) -> None:
        """Close the supervisor's standard input; a second call changes nothing."""
        if self._stop_pipe >= 0:
            os.close(self._stop_pipe)
            self._stop_pipe = -1

    def kill(self) -> None:
        """Kill the supervisor."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def close(self) -> None:
        """Wait for the supervisor's end and close its descriptors."""
        if self._pidfd >= 0:
            select.select([self._pidfd], [], [])
            self.poll()
            self._channel.close()
            os.close(self._pidfd)
            self._pidfd = -1
