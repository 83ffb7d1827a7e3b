"""A state machine over the whole engine: whatever people do, every promise holds after every step."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.example_count import ExampleCount
from tests.properties.engine import known_bugs, known_entry_bugs
from tests.properties.engine.known_money_bugs import PLANTED_MONEY
from tests.properties.engine.known_seat_bugs import PLANTED_SEATS
from tests.properties.engine.machine import EngineMachine, UncachedEngineMachine

RUNS_MAX = 20
EXAMPLES = 40
UNCACHED_EXAMPLES = 20
PLANTED_EXAMPLES = 500
STEPS = 40
PLANTED = [
    known_bugs.LateMoneyIgnored,
    known_bugs.SeatReturnedTwice,
    known_bugs.RefundedWhenever,
    known_bugs.UsedTicketsRefunded,
    known_bugs.CheckoutsLeftOpen,
    known_entry_bugs.NonceForgotten,
    known_entry_bugs.RevokedDeviceAdmits,
    known_entry_bugs.AdmittedTwice,
    known_entry_bugs.RevertedTwice,
    *PLANTED_MONEY,
    *PLANTED_SEATS,
]
WORTH_SEEING = {
    "held",
    "ordered",
    "ordered a hold",
    "extended",
    "released",
    "swept",
    "swept an order",
    "cancelled",
    "captured",
    "settled: confirmed",
    "settled: refunded",
    "settled: exception",
    "approved",
    "moved",
    "called off",
    "due refund requested",
    "due refund approved",
    "support asked for a refund",
    "rejected",
    "completed",
    "failed",
    "admitted",
    "admitted by a device",
    "reverted",
    "registered",
    "revoked",
    "entry rules changed",
    "held standing",
    "limits changed",
    "guest merged",
    "took a basket along",
    "blocked",
    "blocked for a while",
    "unblocked",
    "sent again",
    "booked a capture",
    "booked a refund",
    "stray money",
    "dispute opened",
    "dispute won",
    "dispute lost",
    "exception: accept",
    "exception: refund",
    "exception: write_off",
}
"""Runs in which one of these never happened prove too little."""


def explore(
    machine: type[EngineMachine], *, examples: int, phases: Sequence[Phase] = tuple(Phase), number: int = 0
) -> Counter[str]:
    """Let a machine run; return how often each thing happened. A run of one number does the same every time."""
    machine.tally = Counter()
    run_state_machine_as_test(
        seed(number)(machine),
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            print_blob=False,
            phases=phases,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return machine.tally


def explore_until_seen(happened: Counter[str], *, first: int) -> Counter[str]:
    """Go on with further numbers until all that is worth seeing has happened, at most so many times."""
    more: Counter[str] = Counter()
    for number in range(first, first + RUNS_MAX):
        if (happened + more).keys() >= WORTH_SEEING:
            break
        more += explore(EngineMachine, examples=EXAMPLES, number=number)
    return more


def search(broken: type[EngineMachine]) -> None:
    """Let a machine with a planted bug run until the bug is caught, at most so many times."""
    for number in range(RUNS_MAX):
        explore(broken, examples=PLANTED_EXAMPLES, phases=[Phase.generate], number=number)


class TestEngine:
    def test_every_promise_holds_after_every_step(self, round_seed: int, example_count: ExampleCount) -> None:
        happened = explore(EngineMachine, examples=EXAMPLES, number=round_seed)
        if round_seed == example_count.seed:
            happened += explore_until_seen(happened, first=example_count.seed + example_count.times)
            assert happened.keys() >= WORTH_SEEING, "the runs were too tame"

    def test_every_promise_holds_with_nothing_remembered(self, round_seed: int) -> None:
        assert explore(UncachedEngineMachine, examples=UNCACHED_EXAMPLES, number=round_seed).total() > 0

    @pytest.mark.parametrize("broken", PLANTED)
    def test_a_planted_bug_is_caught(self, broken: type[EngineMachine]) -> None:
        with pytest.raises(AssertionError):
            search(broken)
