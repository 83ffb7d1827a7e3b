"""Kills one part of a running shop."""

import os
import signal

from tests.system.child_processes import child_processes
from tests.system.shop import Shop, until

PROGRAMS = {"nats": "nats-server --config", "sandbox": "sandbox_provider", "postgres": "bin/postgres -D"}


def kill(shop: Shop, part: str) -> None:
    """Kill a part and wait until the command says that it runs again."""
    restarts = shop.read_output().count(f"{part} runs again.")
    os.kill(process_of(shop, part), signal.SIGKILL)
    until(lambda: shop.read_output().count(f"{part} runs again.") > restarts, f"the restart of {part}")
    assert f"{part} was ended by signal 9 (SIGKILL)" in shop.read_output()


def process_of(shop: Shop, part: str) -> int:
    """Return the process that does a part's work, not the one that looks after it."""
    program = PROGRAMS.get(part, f"runtime.cli {part}")
    return next(
        pid
        for pid, command in child_processes(shop.process.pid).items()
        if program in command and "supervisor" not in command
    )
