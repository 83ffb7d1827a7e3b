"""`python -m bench.log_generator URL EVENTS`: fill the log of a migrated database."""

import argparse
import sys
import time
from collections.abc import Sequence

from bench.log_generator.filling import fill


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill the log and print how long it took."""
    parser = argparse.ArgumentParser(prog="python -m bench.log_generator", description=__doc__)
    parser.add_argument("url", help="the owner's address of a migrated database")
    parser.add_argument("events", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seats", type=int, default=2_000, help="of each performance")
    parser.add_argument("--seats-alone", type=float, default=0.0, help="the share of bookings that only block seats")
    options = parser.parse_args(arguments)
    begins = time.monotonic()
    filled = fill(options.url, options.events, seed=options.seed, seats=options.seats, seats_alone=options.seats_alone)
    took = time.monotonic() - begins
    print(f"positions {filled.first} to {filled.last}, {len(filled.shows)} performances, in {took:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
