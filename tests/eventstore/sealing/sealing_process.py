"""A sealer in its own process, to be killed after some steps: `python -m … URL FOLDER SECRET STEPS`.

A step is an action with a lasting effect: a write to a file of the archive, or the copy of a seal.
"""

import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import ParamSpec

from eventstore.sealing import archive_writer, files, seal_writer
from eventstore.sealing.keys import SealingKey
from eventstore.sealing.seal_archive import SealArchive
from eventstore.sealing.sealer import Sealer

Given = ParamSpec("Given")

SMALL = 3
"""Positions per seal; small, to get many seals."""


def main(url: str, folder: str, secret: str, steps: str) -> None:
    """Seal for some steps, print a line, and wait to be killed."""
    coming = iter(range(int(steps) - 1, -1, -1))

    def counted(step: Callable[Given, None]) -> Callable[Given, None]:
        def take(*args: Given.args, **named: Given.kwargs) -> None:
            step(*args, **named)
            if next(coming) == 0:
                sys.stdout.write("there\n")
                sys.stdout.flush()
                sys.exit(sys.stdin.read())

        return take

    vars(seal_writer)["POSITIONS_MAX"] = SMALL
    vars(archive_writer)["append_durably"] = counted(files.append_durably)
    seal_writer.SealWriter._copy = counted(seal_writer.SealWriter._copy)  # type: ignore[method-assign]
    sealer = Sealer(url=url, archive=SealArchive(Path(folder)), key=SealingKey(secret), max_delay=timedelta(0))
    sealer.run(threading.Event())


if __name__ == "__main__":
    main(*sys.argv[1:])
