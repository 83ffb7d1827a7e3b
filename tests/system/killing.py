"""Kills one part of a running shop."""

import os
import signal

from tests.system.family import family_of
from tests.system.shop import Shop, until

PROGRAMS = {"nats": "nats-server --config", "sandbox": "adapters.sandbox", "postgres": "bin/postgres -D"}


def kill(shop: Shop, part: str) -> None:
    """Kill a part and wait until the command says that it runs again."""
    restarts = shop.said().count(f"{part} runs again.")
    os.kill(process_of(shop, part), signal.SIGKILL)
    until(lambda: shop.said().count(f"{part} runs again.") > restarts, f"the restart of {part}")
    assert f"{part} was ended by signal 9 (SIGKILL)" in shop.said()


def process_of(shop: Shop, part: str) -> int:
    """Return the process that does a part's work, not the one that looks after it."""
    program = PROGRAMS.get(part, f"runtime.cli {part}")
    return next(
        pid
        for pid, command in family_of(shop.process.pid).items()
        if program in command and "supervisor" not in command
    )
