"""The sentences that say how a process ended, the likely reason, and which of its last lines matter."""

import json
import re
import signal
from collections.abc import Sequence
from pathlib import Path

SIGNALLED = 128
"""An exit status of 128 + n stands for signal n."""

LINES_SHOWN_MAX = 5
LINE_LENGTH_MAX = 300
OOM_KILLS = Path("/proc/vmstat")
RELEVANT = re.compile(
    r"\b(PANIC|FATAL|ERROR|CRITICAL|Traceback)\b|\[(FTL|ERR)\]|^\w*(Error|Exception|Refused)\b|^seatledger: "
)
ROUTINE = re.compile(r"terminating connection|the database system is (shutting down|starting up)")
ERROR_LEVELS = ("error", "critical")


def oom_kills() -> int:
    """Return how many processes the kernel has killed for want of memory since the machine started."""
    try:
        found = re.search(r"^oom_kill (\d+)$", OOM_KILLS.read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) if found else 0


def ending_of(status: int, *, out_of_memory: bool) -> str:
    """Say how a process ended.

    Args:
        status: its exit status, 128 + n after signal n.
        out_of_memory: whether the kernel killed a process for want of memory meanwhile.
    """
    if status <= SIGNALLED:
        return f"ended by itself with status {status}"
    number = status - SIGNALLED
    return f"was ended by signal {number} ({_name_of(number)}): {_reason_of(number, out_of_memory=out_of_memory)}"


def relevant_lines(output: str, *, errors_only: bool = False) -> list[str]:
    """Return the lines of an output that say why it ended, the last ones if there are many; errors come before others.

    Lines that every end of a server causes, such as one for each closed session, are left out.

    Args:
        errors_only: return nothing where there are no errors, as of a process that was killed.
    """
    lines = [_readable(line) for line in output.splitlines() if line.strip() and not ROUTINE.search(line)]
    errors = [line for line in lines if RELEVANT.search(line)]
    return [line[:LINE_LENGTH_MAX] for line in (errors if errors or errors_only else lines)[-LINES_SHOWN_MAX:]]


def indented(lines: Sequence[str]) -> str:
    """Return lines for the end of a sentence."""
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
    """Return a log line as a person reads it: of our JSON lines what happened, marked when it was an error."""
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
