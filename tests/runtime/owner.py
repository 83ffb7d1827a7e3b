"""A process that owns servers or parts, for tests that end it in every way there is."""

import os
import re
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from runtime.local.embedded import EmbeddedNats, EmbeddedPostgres
from runtime.local.embedded.server import EmbeddedServer
from runtime.local.process_group import ProcessGroup, ProcessSpec
from runtime.local.supervision.forking import ForkServer

SERVERS: dict[str, Callable[..., EmbeddedServer]] = {
    "postgres": partial(EmbeddedPostgres, fast=True),
    "nats": EmbeddedNats,
}

# Says when it was asked to stop, so that a test sees the order; its child would live on if nobody looked after it.
PART = """
import pathlib, signal, subprocess, sys, time
name, folder = sys.argv[1:]
def stop(*_):
    with open(folder + "/stopped", "a") as file:
        file.write(name + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
child = subprocess.Popen(["sleep", "1000"], cwd=folder)
print("listening", flush=True)
while True:
    time.sleep(1000)
"""


def main() -> None:
    """Own one server, or two parts, until the end."""
    kind, folder = sys.argv[1], Path(sys.argv[2])
    if kind in SERVERS:
        server = SERVERS[kind](folder)
        server.start()
        print("ready", flush=True)  # noqa: T201
        signal.pause()
    elif kind == "forks":
        own_a_fork(folder)
    else:
        own_parts(folder)


def own_parts(folder: Path) -> None:
    """Own two parts as `seatledger up` does."""
    with ProcessGroup(folder / "logs") as parts:
        for name in ("first", "second"):
            parts.start(a_part(name, folder))
        print("ready", flush=True)  # noqa: T201
        parts.wait()


def own_a_fork(folder: Path) -> None:
    """Own a forked part that stays."""
    argv = (sys.executable, "-m", "tests.runtime.forked", str(folder), "stay")
    part = ProcessSpec(name="forked", argv=argv, env={}, ready=re.compile(r"^\{", re.MULTILINE))
    forks = ForkServer(folder / "forks.log", preloaded=())
    with ProcessGroup(folder / "logs", forks=forks) as parts:
        parts.start(part)
        print("ready", flush=True)  # noqa: T201
        parts.wait()


def a_part(name: str, folder: Path, program: str = PART) -> ProcessSpec:
    """A part that runs a small Python program and says `listening` when it is ready."""
    argv = (sys.executable, "-c", program, name, str(folder))
    return ProcessSpec(name=name, argv=argv, env=dict(os.environ), ready=re.compile("^listening$", re.MULTILINE))


if __name__ == "__main__":
    main()
