"""Protocols of what routes ask of read models and processes."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.operations.process import ProcessStatus
from projections.engine.checkpoints import ProjectionState
from projections.rebuild.build_repository import Build


class Positions(Protocol):
    """How far the read models are."""

    async def wait_for(self, name: str, position: int, seconds_max: float) -> bool:
        """Wait until a read model holds everything up to `position`; False if it does not in time."""
        ...

    async def all(self) -> Mapping[str, int]:
        """Return every read model's position, by name."""
        ...

    async def states(self) -> Sequence[ProjectionState]:
        """Return every read model's row as operators see it, by name."""
        ...

    async def builds(self) -> Sequence[Build]:
        """Return every version of a read model that is not live."""
        ...


class Processes(Protocol):
    """How the processes stand."""

    async def all(self) -> list[ProcessStatus]:
        """Return how every process that ever ran stands, by name.

        Raises:
            StoreUnavailable: the server cannot be asked.
        """
        ...

    async def retry(self, rule: str) -> bool:
        """Let a process that failed try again at once; False: it has not failed.

        Raises:
            StoreUnavailable: the server cannot be asked.
        """
        ...
