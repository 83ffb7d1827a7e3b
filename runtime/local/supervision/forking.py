"""The side of `up`: starts the fork server, and has it fork the parts."""

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
)
"""Everything that any part imports: what is imported once before the forks is in memory once."""

STATUS_BYTES_MAX = 16
FORK_SECONDS_MAX = 60.0
"""For a fork, and for all imports before the first one; after that the fork server is taken for frozen."""

TITLE_ROOM = 400
"""Characters kept free for the command lines of the parts."""

SETTINGS_FREE = (
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TERM", "VIRTUAL_ENV", "LD_LIBRARY_PATH"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR"),
)
SETTINGS_FREE_PREFIXES = ("LC_", "PYTHON", "XDG_")
MEMORY = {"MALLOC_ARENA_MAX": "2"}
"""A part has few threads, and the C library keeps memory for each."""


class ForkServerEnded(OSError):
    """The fork server does not answer."""


def base_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what every program may know of an environment: where things are and which language, no settings."""
    return {
        name: value
        for name, value in environment.items()
        if name in SETTINGS_FREE or name.startswith(SETTINGS_FREE_PREFIXES)
    }


class ForkServer:
    """Forks parts from one process that has imported what they need; started anew if it has ended.

    Args:
        log: what the fork server itself writes, normally nothing.
        preloaded: the modules it imports.
    """

    def __init__(self, log: Path, *, preloaded: Sequence[str] = PRELOADED) -> None:
        self._log = log
        self._preloaded = list(preloaded)
        self._control: socket.socket | None = None
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it imports while others go on."""
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
        """Fork a part.

        Raises:
            ForkServerEnded: the fork server ended, twice.
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
        """End it; what it has forked goes on."""
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
        leash, leash_held = os.pipe()
        try:
            with theirs, launch.log.open("ab") as log:
                socket.send_fds(self._control, [b"."], [theirs.fileno(), leash, log.fileno()])
            message, descriptors, _, _ = socket.recv_fds(ours, STATUS_BYTES_MAX, 1)
            if not message:
                raise ForkServerEnded("the fork server ended before it had forked")
            order = {
                "name": launch.name,
                "argv": list(launch.argv),
                "env": dict(launch.env),
                "folder": str(launch.folder),
                "stops": list(launch.stops),
                "heartbeat": None if launch.heartbeat is None else str(launch.heartbeat),
            }
            ours.send(json.dumps(order).encode())
            ours.settimeout(None)
        except OSError as error:
            ours.close()
            os.close(leash_held)
            raise ForkServerEnded(str(error)) from error
        finally:
            os.close(leash)
        return ForkedChild(pid=int(message), pidfd=descriptors[0], channel=ours, leash=leash_held)


class ForkedChild:
    """A supervisor that the fork server has forked, and the part it runs."""

    def __init__(self, *, pid: int, pidfd: int, channel: socket.socket, leash: int) -> None:
        self.pid = pid
        self._pidfd = pidfd
        self._channel = channel
        self._leash = leash
        self._status: int | None = None

    def fileno(self) -> int:
        """The channel: readable when the status has come, or when the supervisor is gone."""
        return self._channel.fileno()

    def poll(self) -> int | None:
        """The exit status; of a supervisor that was killed, that of the kill."""
        if self._status is None and select.select([self._channel], [], [], 0)[0]:
            message = self._channel.recv(STATUS_BYTES_MAX)
            self._status = int(message) if message else KILLED_STATUS_BASE + signal.SIGKILL
        return self._status

    def ask_to_end(self) -> None:
        """Let the supervisor's standard input end."""
        if self._leash >= 0:
            os.close(self._leash)
            self._leash = -1

    def kill(self) -> None:
        """Kill the supervisor."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def close(self) -> None:
        """Wait for the end and close what belongs to it."""
        if self._pidfd >= 0:
            select.select([self._pidfd], [], [])
            self.poll()
            self._channel.close()
            os.close(self._pidfd)
            self._pidfd = -1
