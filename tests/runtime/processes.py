"""Looking at processes from outside: which belong to a folder, and whether they are gone."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
DEADLINE_SECONDS = 30.0
POLL_SECONDS = 0.01


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition, and fail when it does not come."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {DEADLINE_SECONDS:.0f} s"
        time.sleep(POLL_SECONDS)


def processes_of(folder: Path) -> dict[int, str]:
    """Every living process that names the folder in its command or works in it, with its command."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                works_in = (entry / "cwd").readlink()
                if str(folder) in command or works_in.is_relative_to(folder):
                    found[int(entry.name)] = command
    return found


def the_process(folder: Path, program: str) -> int:
    """Wait for the one process of a folder that runs this program; a new one has no command for an instant."""
    until(lambda: len(_running(folder, program)) == 1, f"the one {program} of {folder}")
    [pid] = _running(folder, program)
    return pid


def _running(folder: Path, program: str) -> list[int]:
    return [pid for pid, command in processes_of(folder).items() if Path(command.split(" ")[0]).name == program]


def is_listening(port: int) -> bool:
    """Tell whether somebody takes connections on a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def all_gone(folder: Path) -> None:
    """Wait until no process of the folder is left."""
    until(lambda: not processes_of(folder), f"the end of {processes_of(folder)}")


@contextmanager
def owner(
    *words: str | Path, prefix: tuple[str, ...] = (), env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run `tests.runtime.owner` in a process of its own, wait for its `ready`, and kill it at the end."""
    command = [*prefix, sys.executable, "-m", "tests.runtime.owner", *map(str, words)]
    popen = subprocess.Popen(
        command, cwd=CHECKOUT, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, text=True
    )
    assert popen.stdout is not None
    with popen:
        try:
            said = iter(popen.stdout.readline, "")
            assert "ready\n" in said, "the owner ended before it was ready"
            yield popen
        finally:
            popen.send_signal(signal.SIGKILL)
