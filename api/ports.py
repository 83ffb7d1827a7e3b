"""Protocols that the routes require of read models and processes."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.operations.process import ProcessStatus
from projections.engine.checkpoints import ProjectionState
from projections.rebuild.build_repository import Build


class Positions(Protocol):
    """Positions of the read models."""

    async def wait_for(self, name: str, position: int, seconds_max: float) -> bool:
        """Wait until a read model has reached `position`; return False if it has not after `seconds_max`."""
        ...

    async def all(self) -> Mapping[str, int]:
        """Return every read model's position, by name."""
        ...

    async def states(self) -> Sequence[ProjectionState]:
        """Return every read model's control row, ordered by name."""
        ...

    async def builds(self) -> Sequence[Build]:
        """Return every version of a read model that is not live."""
        ...


class Processes(Protocol):
    """Status of the processes."""

    async def all(self) -> list[ProcessStatus]:
        """Return the status of every process that has run, ordered by name.

        Raises:
            StoreUnavailable: the database is unavailable.
        """
        ...

    async def retry(self, rule: str) -> bool:
        """Retry a failed process at once; return False if it has not failed.

        Raises:
            StoreUnavailable: the database is unavailable.
        """
        ...
