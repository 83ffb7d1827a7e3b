"""Every benchmark, one after the other: `python -m bench`, or `python -m bench append growth`."""

import sys
from importlib import import_module

BENCHMARKS = ("append", "booking", "edge", "live", "follow", "growth", "memory", "past", "rebuild", "verify")
"""A new one is a name here: a module with `main(arguments) -> int`."""

if __name__ == "__main__":
    sys.exit(max(import_module(f"bench.{name}").main([]) for name in sys.argv[1:] or BENCHMARKS))
