"""A state machine whose steps are coroutines."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from hypothesis.stateful import RuleBasedStateMachine

Answer = TypeVar("Answer")


class AsyncStateMachine(RuleBasedStateMachine):
    """A state machine with an event loop of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Do one thing; a Runner would set up its answer to Ctrl-C for each, in a quarter of all the time."""
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.loop.close()
