"""The parent's side of a supervised process: start, watch and stop it."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

LOG_BYTES_MAX = 16 * 1024 * 1024
LAST_LINES = 20
OUTPUT_BYTES_MAX = 64 * 1024
KILL_SECONDS_MAX = 10.0
KILLED_STATUS_BASE = 128

_SUPERVISOR = Path(__file__).with_name("supervisor.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchSpec:
    """How to run one process.

    Args:
        log: its output is appended here; a log above 16 MiB is renamed to `<log>.1` first.
        stops: signals (without SIG) in the order to try them, each with the seconds to wait; then it is killed. The
            kernel sends the first one if its supervisor dies.
        as_account: the command prefix that switches to another account.
        inherited: descriptors that it inherits and its supervisor closes.
        heartbeat: a file that a forked process touches every few seconds.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    folder: Path
    log: Path
    stops: Sequence[tuple[str, float]]
    as_account: Sequence[str] = field(default=())
    inherited: Sequence[int] = field(default=())
    heartbeat: Path | None = None


class Child(Protocol):
    """A supervisor and the process it runs, started as a program or forked."""

    @property
    def pid(self) -> int:
        """The supervisor's process id, which is also the id of the process group."""
        ...

    def fileno(self) -> int:
        """Return a descriptor that becomes readable when the process ends."""
        ...

    def poll(self) -> int | None:
        """Return the exit status, 128 + n after signal n; None while it runs."""
        ...

    def request_stop(self) -> None:
        """Close the supervisor's standard input; a second call changes nothing."""

        ...

    def kill(self) -> None:
        """Kill the supervisor; the kernel then signals the process."""
        ...

    def close(self) -> None:
        """Wait for the supervisor's end and close the descriptors."""
        ...


class SupervisedProcess:
    """A process that ends with this one, even if this one is killed.

    Args:
        start: starts the supervisor; None: as a program of its own.
    """

    def __init__(self, launch: LaunchSpec, start: Callable[[LaunchSpec], Child] | None = None) -> None:
        self.name = launch.name
        self.log = launch.log
        self._log_offset = _rotate_large_log(launch.log)
        self._stop_seconds_max = sum(seconds for _, seconds in launch.stops) + KILL_SECONDS_MAX
        self._child = (start or Program)(launch)
        self._status: int | None = None

    @property
    def pid(self) -> int:
        """The process id of its supervisor."""
        return self._child.pid

    def fileno(self) -> int:
        """Return a descriptor that becomes readable when the process has ended."""
        return self._child.fileno()

    def exit_status(self) -> int | None:
        """Return the exit status, 128 + n after signal n; None while it runs."""
        if self._status is None:
            self._status = self._child.poll()
        return self._status

    def wait(self, seconds_max: float) -> int | None:
        """Wait for the end and return the exit status; None: the time ran out."""
        if self.exit_status() is None:
            select.select([self._child], [], [], seconds_max)
        return self.exit_status()

    def stop(self) -> int:
        """Stop it, wait for its end and return the exit status; a second call changes nothing."""
        self._child.request_stop()
        if self.wait(self._stop_seconds_max) is None:
            self._child.kill()
        self._child.close()
        status = self.exit_status()
        return KILLED_STATUS_BASE + signal.SIGKILL if status is None else status

    def set_priority(self, nice: int) -> None:
        """Change the priority of the process group, and of its session, which the kernel schedules as an autogroup.

        A negative value needs root; without it nothing changes.
        """
        with suppress(OSError):
            os.setpriority(os.PRIO_PGRP, self._child.pid, nice)
            Path(f"/proc/{self._child.pid}/autogroup").write_text(str(nice))

    def output(self) -> str:
        """Return its output since the start, at most the last 64 KiB."""
        with self.log.open("rb") as log:
            log.seek(max(self._log_offset, self.log.stat().st_size - OUTPUT_BYTES_MAX))
            return log.read().decode(errors="replace")

    def rotate_log(self) -> None:
        """Copy a log above 16 MiB to `<log>.1` and truncate it, while the process keeps writing to it.

        The few lines written between copy and truncation are lost.
        """
        with suppress(OSError):
            if self.log.stat().st_size > LOG_BYTES_MAX:
                shutil.copyfile(self.log, self.log.with_name(self.log.name + ".1"))
                os.truncate(self.log, 0)
                self._log_offset = 0

    def last_lines(self) -> str:
        """Return the last 20 lines of its output."""
        return "\n".join(self.output().splitlines()[-LAST_LINES:])


def _rotate_large_log(log: Path) -> int:
    """Rename a log above 16 MiB; return the offset at which the next line will be written."""
    size = log.stat().st_size if log.exists() else 0
    if size <= LOG_BYTES_MAX:
        return size
    log.replace(log.with_name(log.name + ".1"))
    return 0


class Program:
    """A supervisor started as a program of its own."""

    def __init__(self, launch: LaunchSpec) -> None:
        config = {
            "argv": list(launch.argv),
            "as_account": list(launch.as_account),
            "inherited": list(launch.inherited),
            "stops": list(launch.stops),
        }
        with launch.log.open("ab") as log:
            self._popen = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", "-S", str(_SUPERVISOR), json.dumps(config)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(launch.env),
                cwd=launch.folder,
                pass_fds=launch.inherited,
                start_new_session=True,  # Ctrl-C must reach only the parent, which stops the others in order
            )
        self._pidfd = os.pidfd_open(self._popen.pid)

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        return self._popen.pid

    def fileno(self) -> int:
        """Return a descriptor of the supervisor's process."""
        return self._pidfd

    def poll(self) -> int | None:
        """Return the exit status, that of the kill if the supervisor was killed; None while it runs."""
        status = self._popen.poll()
        return KILLED_STATUS_BASE - status if status is not None and status < 0 else status

    def request_stop(self) -> None:
        """Close the supervisor's standard input."""
        if self._popen.stdin is not None:
            self._popen.stdin.close()

    def kill(self) -> None:
        """Kill the supervisor."""
        self._popen.kill()

    def close(self) -> None:
        """Wait for the supervisor's end and close the descriptor."""
        self._popen.wait()
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
