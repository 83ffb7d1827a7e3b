"""The runs of the soak; each is a process of its own, so that a hanging or crashing run affects no other."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MINUTE_S = 60
EVENTS_OF_THE_PAST = 10_000_000
CROWDS = ("tests/properties/test_concurrent_clients.py", "tests/properties/test_concurrent_clients_postgres.py")

Command = Callable[[int], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A command for a seed with its time limit; `once`: it is large rather than random, so it is not repeated."""

    name: str
    command: Command
    seconds_max: float
    once: bool = False


def suite(*paths: str, effort: int = 1) -> Command:
    """Return the command that runs tests with a multiple of the usual number of generated examples."""
    options = ("-q", "-x", f"--effort={effort}")
    return lambda seed: [sys.executable, "-m", "pytest", *options, f"--hypothesis-seed={seed}", *paths]


def module(name: str, *arguments: str) -> Command:
    """Return the command that runs a module."""
    return lambda _: [sys.executable, "-m", name, *arguments]


def laws(seed: int) -> Sequence[str]:
    """Return the command that runs the state machine with far more examples than the tests."""
    return [sys.executable, "-m", "bench.soak.laws", str(seed)]


RUNS: Sequence[Run] = (
    Run(name="laws", command=laws, seconds_max=20 * MINUTE_S),
    Run(name="interpreter_warning decisions", command=suite(*CROWDS, effort=10), seconds_max=20 * MINUTE_S),
    Run(name="requests made up", command=suite("tests/system/test_openapi.py", effort=10), seconds_max=20 * MINUTE_S),
    Run(name="damaged stream", command=suite("tests/projections/test_damaged_stream.py"), seconds_max=10 * MINUTE_S),
    Run(name="feed", command=suite("tests/eventstore/nats"), seconds_max=10 * MINUTE_S),
    Run(name="rebuild under load, killed", command=suite("tests/projections/rebuild"), seconds_max=15 * MINUTE_S),
    Run(name="tampering", command=suite("tests/eventstore/sealing", effort=5), seconds_max=10 * MINUTE_S),
    Run(name="processes killed", command=suite("tests/processes/test_crash_recovery.py"), seconds_max=10 * MINUTE_S),
    Run(
        name="database restored",
        command=suite("tests/restore/test_separate_servers.py", effort=2),
        seconds_max=20 * MINUTE_S,
    ),
    Run(name="everybody at once", command=suite("tests/system/test_one_seat.py"), seconds_max=10 * MINUTE_S),
    Run(
        name="past of a big log",
        command=module("bench.past", "--events", str(EVENTS_OF_THE_PAST)),
        seconds_max=60 * MINUTE_S,
        once=True,
    ),
    Run(name="append after a big log", command=module("bench.growth"), seconds_max=30 * MINUTE_S, once=True),
)
"""All runs, in order."""
