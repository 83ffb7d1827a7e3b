"""A sealer as a process of its own, to be killed: `python -m tests.eventstore.seals.sealing_process URL FOLDER`."""

import sys
import threading
from datetime import timedelta
from pathlib import Path

from eventstore.seals import turn
from eventstore.seals.keys import SealingKey
from eventstore.seals.sealer import Sealer
from eventstore.seals.second_place import SecondPlace

SMALL = 3
"""Positions under a seal, so that there are many."""


def main(url: str, folder: str, secret: str) -> None:
    """Seal until killed."""
    vars(turn)["POSITIONS_MAX"] = SMALL
    sealer = Sealer(url=url, place=SecondPlace(Path(folder)), key=SealingKey(secret), patience=timedelta(0))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sealer.run(threading.Event())


if __name__ == "__main__":
    main(*sys.argv[1:])
