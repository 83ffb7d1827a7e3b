"""The parent's side of a supervised process: start it, watch it, stop it."""

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
        log: its output is appended here; a log that has grown too large becomes `<log>.1` first.
        stops: signals (without SIG) in the order to try them, each with the seconds to wait; then it is killed. The
            first is also the one it gets from the kernel if its supervisor dies.
        as_account: what stands before the command when it must run under another account.
        inherited: descriptors it inherits and its supervisor closes.
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
    """A supervisor and the process it runs, however they were started."""

    @property
    def pid(self) -> int:
        """The supervisor's process id, which is that of the whole group."""
        ...

    def fileno(self) -> int:
        """A descriptor that becomes readable at the end."""
        ...

    def poll(self) -> int | None:
        """The process's exit status, 128 + n after signal n, or nothing while it runs."""
        ...

    def ask_to_end(self) -> None:
        """Close the supervisor's standard input; a second time changes nothing."""
        ...

    def kill(self) -> None:
        """Kill the supervisor, and with it the process."""
        ...

    def close(self) -> None:
        """Wait for the end and give back what it took."""
        ...


class SupervisedProcess:
    """A process that ends when we do, however we end.

    Args:
        start: starts the supervisor; by default as a program of its own.
    """

    def __init__(self, launch: LaunchSpec, start: Callable[[LaunchSpec], Child] | None = None) -> None:
        self.name = launch.name
        self.log = launch.log
        self._log_begins_at = _make_room(launch.log)
        self._patience_s = sum(seconds for _, seconds in launch.stops) + KILL_SECONDS_MAX
        self._child = (start or Program)(launch)
        self._status: int | None = None

    @property
    def pid(self) -> int:
        """The process id of its supervisor, which ends it."""
        return self._child.pid

    def fileno(self) -> int:
        """A descriptor that becomes readable when the process has ended."""
        return self._child.fileno()

    def exit_status(self) -> int | None:
        """The exit status, 128 + n after signal n, or nothing while it runs."""
        if self._status is None:
            self._status = self._child.poll()
        return self._status

    def wait(self, seconds_max: float) -> int | None:
        """Wait for the end; nothing when the time runs out first."""
        if self.exit_status() is None:
            select.select([self._child], [], [], seconds_max)
        return self.exit_status()

    def stop(self) -> int:
        """Stop it and wait until nothing of it is left; a second time changes nothing."""
        self._child.ask_to_end()
        if self.wait(self._patience_s) is None:
            self._child.kill()
        self._child.close()
        status = self.exit_status()
        return KILLED_STATUS_BASE + signal.SIGKILL if status is None else status

    def set_priority(self, nice: int) -> None:
        """Go on at another priority, beside other sessions too: with autogroups the kernel weighs sessions.

        A priority above everybody's takes root; without, nothing changes.
        """
        with suppress(OSError):
            os.setpriority(os.PRIO_PGRP, self._child.pid, nice)
            Path(f"/proc/{self._child.pid}/autogroup").write_text(str(nice))

    def output(self) -> str:
        """What it has written so far, the last part of it if that is much."""
        with self.log.open("rb") as log:
            log.seek(max(self._log_begins_at, self.log.stat().st_size - OUTPUT_BYTES_MAX))
            return log.read().decode(errors="replace")

    def rotate_log(self) -> None:
        """Move a log that has grown too large to `<log>.1` while the process goes on writing to it.

        Lines written between the copy and the cut are lost: a few at most.
        """
        with suppress(OSError):
            if self.log.stat().st_size > LOG_BYTES_MAX:
                shutil.copyfile(self.log, self.log.with_name(self.log.name + ".1"))
                os.truncate(self.log, 0)
                self._log_begins_at = 0

    def last_words(self) -> str:
        """The last lines it has written."""
        return "\n".join(self.output().splitlines()[-LAST_LINES:])


def _make_room(log: Path) -> int:
    """Move a large log away; answer where in the log the next line will stand."""
    size = log.stat().st_size if log.exists() else 0
    if size <= LOG_BYTES_MAX:
        return size
    log.replace(log.with_name(log.name + ".1"))
    return 0


class Program:
    """A supervisor that was started as a program of its own."""

    def __init__(self, launch: LaunchSpec) -> None:
        order = {
            "argv": list(launch.argv),
            "as_account": list(launch.as_account),
            "inherited": list(launch.inherited),
            "stops": list(launch.stops),
        }
        with launch.log.open("ab") as log:
            self._popen = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", "-S", str(_SUPERVISOR), json.dumps(order)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(launch.env),
                cwd=launch.folder,
                pass_fds=launch.inherited,
                start_new_session=True,  # Ctrl-C in the terminal reaches us alone; we stop the others in our order
            )
        self._pidfd = os.pidfd_open(self._popen.pid)

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        return self._popen.pid

    def fileno(self) -> int:
        """The supervisor as a descriptor."""
        return self._pidfd

    def poll(self) -> int | None:
        """The exit status; of a supervisor that was killed, that of the kill."""
        status = self._popen.poll()
        return KILLED_STATUS_BASE - status if status is not None and status < 0 else status

    def ask_to_end(self) -> None:
        """Close the supervisor's standard input."""
        if self._popen.stdin is not None:
            self._popen.stdin.close()

    def kill(self) -> None:
        """Kill the supervisor."""
        self._popen.kill()

    def close(self) -> None:
        """Wait for the end and close the descriptor."""
        self._popen.wait()
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
