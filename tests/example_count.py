"""How much a test does: enough for its claim in `make test`, many times as much in `make soak`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleCount:
    """What `--effort` and `--hypothesis-seed` ask for.

    Args:
        times: how many times as much as `make test` does.
        seed: what examples are drawn by; 0 unless asked for, so that they are the same each time.
    """

    times: int
    seed: int

    def of(self, examples: int) -> int:
        """Return how many examples to try."""
        return examples * self.times
