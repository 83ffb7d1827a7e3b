"""The child between us and a server: it holds the read end of a pipe and stops the server when the pipe ends.

Run as a script with a little of the standard library, so that it starts in a few milliseconds and takes four megabytes;
subprocess and pathlib would take two more. The pipe is its standard input; nothing is ever written to it, and the
kernel closes it however the parent dies.
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

# The kernel signals the server when we die. If we died before it was told to, the parent is another one already.
UNLESS_ORPHANED = '[ "$PPID" = "$0" ] && exec "$@"'


def main() -> int:
    """Run the server named in the order until it ends or the parent does; answer with the server's exit status."""
    order = json.loads(sys.argv[1])
    guard = ["setpriv", "--pdeathsig", order["stops"][0][0], "--", "sh", "-c", UNLESS_ORPHANED, str(os.getpid())]

    def start() -> int:
        command = [*order["as_account"], *guard, *order["argv"]]
        no_input = (os.POSIX_SPAWN_OPEN, PIPE, os.devnull, os.O_RDONLY, 0)
        server = os.posix_spawnp(command[0], command, os.environ, file_actions=[no_input], setsigdef=IGNORED_BY_PYTHON)
        for descriptor in order["inherited"]:
            os.close(descriptor)
        return server

    return supervise(start, order["stops"])


def supervise(start: Callable[[], int], stops: list[tuple[str, float]]) -> int:
    """Start a child and wait until it ends, or end it when standard input does; return its exit status.

    Args:
        start: starts it and returns its process id.
        stops: the signals to end it with, and how long to wait after each.
    """
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    asked = forward_stop_signal()
    pid = start()
    pidfd = os.pidfd_open(pid)
    ended, _, _ = select.select([PIPE, asked, pidfd], [], [])
    if pidfd not in ended:
        stop(pidfd, stops)
    _, waited = os.waitpid(pid, 0)
    status = os.waitstatus_to_exitcode(waited)
    end_orphans()
    return status if status >= 0 else KILLED_STATUS_BASE - status


def forward_stop_signal() -> int:
    """Turn SIGTERM and SIGINT into a readable descriptor; a closed terminal is no reason to stop."""
    readable, writable = os.pipe()

    def ask(_number: int, _frame: FrameType | None) -> None:
        os.write(writable, b".")

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    return readable


def stop(pidfd: int, stops: list[tuple[str, float]]) -> None:
    """Ask the server to end, each time harder, and kill it when it was asked often enough."""
    for name, patience_s in stops:
        signal.pidfd_send_signal(pidfd, signal.Signals["SIG" + name])
        ended, _, _ = select.select([pidfd], [], [], patience_s)
        if ended:
            return
    signal.pidfd_send_signal(pidfd, signal.SIGKILL)


def end_orphans() -> None:
    """Kill what the server left behind; as subreaper we are the parent of all of it, so no pid is a stranger's."""
    children = f"/proc/self/task/{os.getpid()}/children"
    with suppress(FileNotFoundError):  # some sandboxes have no such file
        while orphans := read(children).split():
            for orphan in map(int, orphans):
                os.kill(orphan, signal.SIGKILL)
                os.waitpid(orphan, 0)


def read(file: str) -> str:
    """Return what a file holds."""
    with open(file) as opened:  # noqa: PTH123 - see above
        return opened.read()


if __name__ == "__main__":
    sys.exit(main())
