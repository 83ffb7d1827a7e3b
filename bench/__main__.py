"""Runs all benchmarks in order with `python -m bench`, or those named: `python -m bench append growth`."""

import sys
from importlib import import_module

BENCHMARKS = ("append", "booking", "edge", "live", "follow", "growth", "memory", "past", "rebuild", "verify")
"""The modules of the benchmarks; each has `main(arguments) -> int`."""

if __name__ == "__main__":
    sys.exit(max(import_module(f"bench.{name}").main([]) for name in sys.argv[1:] or BENCHMARKS))
