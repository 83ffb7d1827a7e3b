"""The command `seatledger`: one file per noun; a command parses its options and calls the module that does the work."""

import sys

INTERRUPTED = 130
"""The exit status that a shell expects of a program ended by Ctrl-C."""

try:
    from runtime.tuning.gc_policy import relax_gc

    relax_gc()  # imports create next to no garbage; searching for it took a tenth of a part's start

    from runtime.cli.main import main
except KeyboardInterrupt:  # a short command spends most of its time in imports
    sys.exit(INTERRUPTED)

__all__ = ["main"]
