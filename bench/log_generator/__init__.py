"""Generates a large log of realistic bookings for benchmarks: `fill(owner_url, 1_000_000)`.

A million events take 25 s on two cores (39,000 a second), half of it the server's, and 740 MB. The same seed and times
give the same log.
"""

from bench.log_generator.filling import Filled, Show, fill

__all__ = ["Filled", "Show", "fill"]
