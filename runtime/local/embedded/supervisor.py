"""The process between the parent and a server: stops the server when its standard input, a pipe, ends.

It runs as a script with a small part of the standard library, to start in a few milliseconds and to use four megabytes;
subprocess and pathlib would use two more. Nothing is written to the pipe; the kernel closes it however the parent ends.
"""

import ctypes
import json
import os
import select
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

PR_SET_CHILD_SUBREAPER = 36
PIPE = 0
KILLED_STATUS_BASE = 128
IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)

# The kernel signals the server when this process dies. If it died before the call, the server's parent has changed.
UNLESS_ORPHANED = '[ "$PPID" = "$0" ] && exec "$@"'


def main() -> int:
    """Run the configured server until it or the parent ends; return the server's exit status."""
    config = json.loads(sys.argv[1])
    guard = ["setpriv", "--pdeathsig", config["stops"][0][0], "--", "sh", "-c", UNLESS_ORPHANED, str(os.getpid())]

    def start() -> int:
        command = [*config["as_account"], *guard, *config["argv"]]
        no_input = (os.POSIX_SPAWN_OPEN, PIPE, os.devnull, os.O_RDONLY, 0)
        server = os.posix_spawnp(command[0], command, os.environ, file_actions=[no_input], setsigdef=IGNORED_BY_PYTHON)
        for descriptor in config["inherited"]:
            os.close(descriptor)
        return server

    return supervise(start, config["stops"])


def supervise(start: Callable[[], int], stops: list[tuple[str, float]]) -> int:
    """Start a child and wait for its end; stop it when standard input ends or a stop signal arrives.

    Args:
        start: starts the child and returns its process id.
        stops: the signals to stop it with, each with the seconds to wait.

    Returns:
        The child's exit status, 128 + n after signal n.
    """
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    stop_requested = forward_stop_signal()
    pid = start()
    pidfd = os.pidfd_open(pid)
    ended, _, _ = select.select([PIPE, stop_requested, pidfd], [], [])
    if pidfd not in ended:
        stop(pidfd, stops)
    _, waited = os.waitpid(pid, 0)
    status = os.waitstatus_to_exitcode(waited)
    end_orphans()
    return status if status >= 0 else KILLED_STATUS_BASE - status


def forward_stop_signal() -> int:
    """Return a descriptor that becomes readable on SIGTERM or SIGINT; SIGHUP, a closed terminal, is ignored."""
    readable, writable = os.pipe()

    def forward(_number: int, _frame: FrameType | None) -> None:
        os.write(writable, b".")

    signal.signal(signal.SIGTERM, forward)
    signal.signal(signal.SIGINT, forward)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    return readable


def stop(pidfd: int, stops: list[tuple[str, float]]) -> None:
    """Send the stop signals in order until the server ends; kill it after the last one."""
    for name, wait_s in stops:
        signal.pidfd_send_signal(pidfd, signal.Signals["SIG" + name])
        ended, _, _ = select.select([pidfd], [], [], wait_s)
        if ended:
            return
    signal.pidfd_send_signal(pidfd, signal.SIGKILL)


def end_orphans() -> None:
    """Kill the processes that the server left behind; this subreaper is their parent, so no pid is reused."""
    children = f"/proc/self/task/{os.getpid()}/children"
    with suppress(FileNotFoundError):  # some sandboxes have no such file
        while orphans := read(children).split():
            for orphan in map(int, orphans):
                os.kill(orphan, signal.SIGKILL)
                os.waitpid(orphan, 0)


def read(file: str) -> str:
    """Return a file's text."""
    with open(file) as opened:  # noqa: PTH123 - without pathlib, see the module's docstring
        return opened.read()


if __name__ == "__main__":
    sys.exit(main())
