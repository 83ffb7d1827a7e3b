"""The machine of a measurement and its current speed, which changes within minutes on shared machines."""

import os
import platform
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any

STEPS = 10_000_000


def machine() -> dict[str, Any]:
    """Return a description of the machine, with the result of `loop_s`."""
    return {
        "cpus": os.cpu_count(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "loop_s": round(loop_s(), 2),
    }


def loop_s() -> float:
    """Return the seconds that ten million steps of a Python loop take, on all processors at once."""
    processors = os.cpu_count() or 1
    with ProcessPoolExecutor(processors) as pool:
        return max(pool.map(count_seconds, [STEPS] * processors))


def count_seconds(steps: int) -> float:
    """Run the loop and return the seconds it took."""
    began, total = time.perf_counter(), 0
    for step in range(steps):
        total += step
    return time.perf_counter() - began
