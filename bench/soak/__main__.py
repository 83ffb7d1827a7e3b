"""`python -m bench.soak --minutes 60 --seed 7`: prints a line for each run and a JSON summary; 1 if a run failed."""

import argparse
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.soak.runs import MINUTE_S, RUNS
from bench.soak.soaking import soak, summary

SEEDS = 2**32


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the soak and print its results."""
    names = [run.name for run in RUNS]
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="no run begins after that")
    parser.add_argument("--seed", type=int, help="of the first round; the next ones count on")
    parser.add_argument("--only", action="append", choices=names, help="one run; may be given several times")
    parser.add_argument("--json", type=Path, default=Path("bench/results/soak.json"))
    options = parser.parse_args(arguments)
    seed = random.randrange(SEEDS) if options.seed is None else options.seed
    runs = [run for run in RUNS if not options.only or run.name in options.only]
    results = []
    for result in soak(runs, seconds=options.minutes * MINUTE_S, seed=seed):
        results.append(result)
        print(f"{result.run:<28}{result.seed:>12}{result.seconds:>9.1f} s  {result.status}", flush=True)
    report = summary(runs, results, seed=seed)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(report, indent=2))
    print(f"{report['passed']} passed, {report['not_passed']} did not, not run: {report['not_run'] or 'none'}")
    return 1 if report["not_passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
