"""On what was measured, and how fast it was just then: shared machines change their speed within minutes."""

import os
import platform
import time
from typing import Any

STEPS = 10_000_000


def machine() -> dict[str, Any]:
    """Describe the machine; `loop_s`: seconds that one core takes for ten million steps of a Python loop, right now."""
    return {
        "cpus": os.cpu_count(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "loop_s": round(loop_s(), 2),
    }


def loop_s() -> float:
    """Count, and say how many seconds it took."""
    began, counted = time.perf_counter(), 0
    for step in range(STEPS):
        counted += step
    return time.perf_counter() - began
