"""Kernel attributes of a forked process: its command line, and its end with the parent."""

import ctypes
import os
import signal
from collections.abc import Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
ARG_START, ARG_END = 47, 48
"""The fields of /proc/self/stat, counted from 0, with the addresses between which the kernel reads the command line."""


def set_process_title(argv: Sequence[str]) -> None:
    """Replace the command line that the kernel shows for this process; it is cut to the length of the original one."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    offset = 2  # the fields up to the last parenthesis: the id and the name
    start, end = int(fields[ARG_START - offset]), int(fields[ARG_END - offset])
    room = end - start
    if room > 0:
        line = b"\0".join(word.encode() for word in argv)[: room - 1]
        ctypes.memmove(start, line.ljust(room, b"\0"), room)


def end_with_parent(parent: int, number: signal.Signals) -> None:
    """Have the kernel signal this process when its parent ends; end at once if the parent has ended already."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
