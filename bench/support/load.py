"""Drives bookings with wrk, a native load generator, and parses its measurements."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("booking.lua")
CONNECTIONS = 64
THREADS = 2
GRACE_S = 30
MARK = "RESULT "


class NoLoadGenerator(Exception):
    """wrk is not installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The address, tokens and pairs of seats to book; `body` has two placeholders `%s` for the seats."""

    url: str
    path: str
    body: str
    tokens: Path
    pairs: Path


def drive(target: Target, *, seconds: int, used: int, per_s: int = 0) -> dict[str, Any]:
    """Book for `seconds` from 64 connections, starting after the first `used` pairs.

    Args:
        per_s: bookings a second at a constant rate; 0: each connection sends as soon as it has a response.

    Returns:
        created, refused, other (counts by status), seconds, p50_ms, p99_ms, max_ms, furthest (the next unused pair).

    Raises:
        NoLoadGenerator: wrk is missing.
        RuntimeError: the pairs ran out, or wrk failed.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise NoLoadGenerator("This benchmark is driven by wrk: install it (Debian: apt-get install wrk).")
    command = [
        wrk,
        f"-t{THREADS}",
        f"-c{CONNECTIONS}",
        f"-d{seconds}s",
        "--timeout",
        "10s",
        "-s",
        str(SCRIPT),
        target.url,
    ]
    arguments = [str(target.tokens), str(target.pairs), target.path, target.body, str(THREADS), str(used), str(per_s)]
    ran = subprocess.run(
        [*command, "--", *arguments], capture_output=True, text=True, timeout=seconds + GRACE_S, check=False
    )
    marked = [line for line in ran.stdout.splitlines() if line.startswith(MARK)]
    if ran.returncode != 0 or not marked:
        raise RuntimeError(f"wrk failed: {ran.stdout[-2000:]}{ran.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(marked[0].removeprefix(MARK))
    if result["exhausted"]:
        raise RuntimeError("The pairs of seats ran out; the figure would be of refusals.")
    return result
