"""Repeats all runs with a new seed each round until the time is over, and collects the results."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

from bench.soak.runs import Run
from bench.support.machine import machine

WORDS_KEPT = 2_000
PASSED, FAILED, TOO_LONG = "passed", "failed", "too long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one run; `last_words` only if it did not pass."""

    run: str
    seed: int
    command: Sequence[str]
    status: str
    seconds: float
    last_words: str = ""


def soak(runs: Sequence[Run], *, seconds: float, seed: int) -> Iterator[Result]:
    """Repeat all runs until the time is over; a started run is not interrupted."""
    ends_at = time.monotonic() + seconds
    for round_number in count():
        for run in runs:
            if time.monotonic() >= ends_at:
                return
            if round_number == 0 or not run.once:
                yield result_of(run, seed + round_number)
        if all(run.once for run in runs):
            return


def result_of(run: Run, seed: int) -> Result:
    """Run one command to its end or its time limit."""
    command, begins = list(run.command(seed)), time.monotonic()
    try:
        ended = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=run.seconds_max, check=False
        )
        status, said = PASSED if ended.returncode == 0 else FAILED, ended.stdout
    except subprocess.TimeoutExpired as late:
        status, said = TOO_LONG, late.stdout or b""
    return Result(
        run=run.name,
        seed=seed,
        command=command,
        status=status,
        seconds=round(time.monotonic() - begins, 1),
        last_words="" if status == PASSED else said.decode(errors="replace")[-WORDS_KEPT:],
    )


def summary(runs: Sequence[Run], results: Sequence[Result], *, seed: int) -> dict[str, Any]:
    """Return all results, and the runs that were never started."""
    return {
        "at": datetime.now(UTC).isoformat(),
        "machine": machine(),
        "seed": seed,
        "passed": sum(result.status == PASSED for result in results),
        "not_passed": sum(result.status != PASSED for result in results),
        "not_run": sorted({run.name for run in runs} - {result.run for result in results}),
        "results": [asdict(result) for result in results],
    }
