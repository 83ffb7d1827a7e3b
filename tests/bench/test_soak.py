"""The soak goes on after a run that fails or hangs, ends in time, and forgets nothing."""

import sys
from pathlib import Path

from bench.soak.runs import RUNS, Run
from bench.soak.soaking import soak, summary


def run(name: str, code: str, *, seconds_max: float = 20.0, once: bool = True) -> Run:
    """Return a run of some Python, which finds the seed in `sys.argv[1]`."""
    return Run(
        name=name,
        command=lambda seed: [sys.executable, "-c", code, str(seed)],
        seconds_max=seconds_max,
        once=once,
    )


class TestSoak:
    def test_every_run_has_a_result_of_its_own(self) -> None:
        runs = [
            run("good", "pass"),
            run("bad", "raise SystemExit('seat sold twice')"),
            run("endless", "while True: pass", seconds_max=0.5),
            run("good, too", "pass"),
        ]
        results = list(soak(runs, seconds=60, seed=7))
        assert [result.status for result in results] == ["passed", "failed", "too long", "passed"]
        assert "seat sold twice" in results[1].last_words
        told = summary(runs, results, seed=7)
        assert (told["passed"], told["not_passed"], told["not_run"]) == (2, 2, [])

    def test_the_next_round_has_another_seed_and_no_large_run(self) -> None:
        runs = [run("random", "pass", once=False), run("large", "pass")]
        soaking = soak(runs, seconds=60, seed=7)
        results = [next(soaking) for _ in range(4)]
        assert [(result.run, result.seed) for result in results] == [
            ("random", 7),
            ("large", 7),
            ("random", 8),
            ("random", 9),
        ]

    def test_no_run_begins_when_the_time_is_over(self) -> None:
        runs = [run("never", "pass", once=False)]
        assert list(soak(runs, seconds=0, seed=7)) == []
        assert summary(runs, [], seed=7)["not_run"] == ["never"]

    def test_what_is_run_is_there(self) -> None:
        for each in RUNS:
            for word in each.command(7):
                assert not word.startswith("tests/") or Path(word).exists(), word
