"""The state machine once more, while another process writes behind the cache of the first."""

from collections.abc import Sequence
from itertools import cycle
from typing import Any

import pytest
from hypothesis import Phase
from hypothesis import strategies as st
from hypothesis.stateful import initialize

from domain.errors import Rejected
from eventstore.command import CommandContext, Decide, DecidedCommand
from eventstore.command_handler import CommandHandler
from tests.properties.engine.machine import EngineMachine
from tests.properties.engine.test_engine import EXAMPLES, PLANTED_EXAMPLES, explore


class TwoProcessesEngineMachine(EngineMachine):
    """The same people; some of their commands reach another process, which writes behind the first one's cache."""

    @initialize(limited=st.booleans(), turns=st.lists(st.integers(0, 1), min_size=7, max_size=7))
    def open(self, *, limited: bool, turns: Sequence[int] = (0,)) -> None:
        self.world.turns = cycle(turns)
        self.open_shop(limited=limited)


class StaleRefusalHandler(CommandHandler):
    """A planted bug: an exception that a decision raises on outdated states is believed, unless it is a refusal."""

    async def prepare(
        self,
        decide: Decide,
        context: CommandContext,
        loaded: dict[str, tuple[int, Any]],
        assume_new: frozenset[str] = frozenset(),
    ) -> DecidedCommand:
        """Load and decide."""
        attempt = await super().prepare(decide, context, loaded, assume_new)
        if attempt.error is not None and not isinstance(attempt.error, Rejected):
            raise attempt.error
        return attempt


class StaleStatesAccepted(TwoProcessesEngineMachine):
    """The engine with the planted handler."""

    handler = StaleRefusalHandler


class TestTwoProcesses:
    def test_every_promise_holds_while_another_process_writes_behind_the_cache(self, round_seed: int) -> None:
        assert explore(TwoProcessesEngineMachine, examples=EXAMPLES, number=round_seed).total() > 0

    def test_an_exception_on_outdated_states_that_is_believed_is_caught(self) -> None:
        with pytest.raises((AssertionError, KeyError)):
            explore(StaleStatesAccepted, examples=PLANTED_EXAMPLES, phases=[Phase.generate])
