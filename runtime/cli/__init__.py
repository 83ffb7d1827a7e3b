"""The command `seatledger`: one file per noun, every command a few lines that call the part which does the work."""

import sys

INTERRUPTED = 130
"""What a shell expects of a program that Ctrl-C ended."""

try:
    from runtime.tuning.gc_policy import relax_gc

    relax_gc()  # nothing of what is imported is garbage: looking for it was a tenth of a part's start

    from runtime.cli.main import main
except KeyboardInterrupt:  # most of a short command's time is spent importing
    sys.exit(INTERRUPTED)

__all__ = ["main"]
