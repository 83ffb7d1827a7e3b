"""Describes how a process ended and the likely reason, and selects the relevant lines of its output."""

import json
import re
import signal
from collections.abc import Sequence
from pathlib import Path

SIGNAL_STATUS_BASE = 128
"""The exit status after signal n is 128 + n."""

LINES_SHOWN_MAX = 5
LINE_LENGTH_MAX = 300
VMSTAT = Path("/proc/vmstat")
RELEVANT = re.compile(
    r"\b(PANIC|FATAL|ERROR|CRITICAL|Traceback)\b|\[(FTL|ERR)\]|^\w*(Error|Exception|Refused)\b|^seatledger: "
)
ROUTINE = re.compile(r"terminating connection|the database system is (shutting down|starting up)")
ERROR_LEVELS = ("error", "critical")


def count_oom_kills() -> int:
    """Return how many processes the kernel has killed since the machine started because memory ran out."""
    try:
        found = re.search(r"^oom_kill (\d+)$", VMSTAT.read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) if found else 0


def describe_exit(status: int, *, out_of_memory: bool) -> str:
    """Return how a process ended, as a predicate.

    Args:
        status: the exit status, 128 + n after signal n.
        out_of_memory: whether the kernel has killed a process meanwhile because memory ran out.
    """
    if status <= SIGNAL_STATUS_BASE:
        return f"ended by itself with status {status}"
    number = status - SIGNAL_STATUS_BASE
    return f"was ended by signal {number} ({_name_of(number)}): {_reason_of(number, out_of_memory=out_of_memory)}"


def relevant_lines(output: str, *, errors_only: bool = False) -> list[str]:
    """Return the last error lines of an output, at most five; without errors, its last lines.

    Lines that every end of a server causes, such as one for each closed session, are excluded.

    Args:
        errors_only: return no lines if there are no errors, for a process that was killed.
    """
    lines = [_readable(line) for line in output.splitlines() if line.strip() and not ROUTINE.search(line)]
    errors = [line for line in lines if RELEVANT.search(line)]
    return [line[:LINE_LENGTH_MAX] for line in (errors if errors or errors_only else lines)[-LINES_SHOWN_MAX:]]


def indented(lines: Sequence[str]) -> str:
    """Return lines as an indented block that follows a sentence."""
    return "".join(f"\n    {line}" for line in lines)


def _name_of(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


def _reason_of(number: int, *, out_of_memory: bool) -> str:
    match number:
        case signal.SIGKILL if out_of_memory:
            return "the kernel killed a process because memory ran out"
        case signal.SIGKILL:
            return "a person or a supervisor killed it, or a memory limit was reached"
        case signal.SIGTERM | signal.SIGINT | signal.SIGHUP | signal.SIGQUIT:
            return "a person or another program asked it to stop"
        case signal.SIGXFSZ:
            return "a file reached the size limit of this account"
        case signal.SIGSEGV | signal.SIGBUS | signal.SIGILL | signal.SIGABRT | signal.SIGFPE:
            return "a crash in native code, or damaged memory"
        case _:
            return "another program sent it"


def _readable(line: str) -> str:
    """Return a log line as text; of a JSON line the time, the level if it is an error, the event and its fields."""
    if not line.startswith("{"):
        return line
    try:
        entry = json.loads(line)
    except ValueError:
        return line
    level = str(entry.pop("level", ""))
    shown = {key: value for key, value in entry.items() if key not in ("logger", "frames", "causes")}
    details = " ".join(f"{key}={value}" for key, value in shown.items() if key not in ("event", "timestamp"))
    mark = "ERROR" if level in ERROR_LEVELS else level
    return f"{shown.get('timestamp', '')} {mark} {shown.get('event', '')} {details}".strip()
