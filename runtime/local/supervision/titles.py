"""What the kernel is told about a forked process: its command line, and that it ends with its parent."""

import ctypes
import os
import signal
from collections.abc import Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
ARG_START, ARG_END = 47, 48
"""The fields of /proc/self/stat, from 0, that say where the kernel reads the command line."""


def retitle(argv: Sequence[str]) -> None:
    """Show this command line for the process, as far as there is room for it where the first one stood."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    offset = 2  # what stands before the last parenthesis: the id and the name
    start, end = int(fields[ARG_START - offset]), int(fields[ARG_END - offset])
    room = end - start
    if room > 0:
        line = b"\0".join(word.encode() for word in argv)[: room - 1]
        ctypes.memmove(start, line.ljust(room, b"\0"), room)


def end_with_parent(parent: int, number: signal.Signals) -> None:
    """Let the kernel send this process a signal when its parent ends; end at once if it has ended already."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
