"""Every open connection by its client; who has most makes room, and deadlines are judged twice a second."""

import asyncio
import resource
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Protocol

from api.auth.clients import Clients
from runtime.edge.limits import OWN_FILES, TICK_SECONDS, EdgeLimits
from runtime.edge.refusals import Refusal
from runtime.edge.starts import FairStarts

CONNECTIONS_MIN = 16
"""However few files may be open, so many connections are taken."""


class Connection(Protocol):
    """What the edge asks of a connection."""

    @property
    def client_key(self) -> str:
        """The client it belongs to."""
        ...

    @property
    def is_shared(self) -> bool:
        """Whether it is a trusted proxy's, which speaks for many clients."""
        ...

    @property
    def is_idle(self) -> bool:
        """Whether nothing is asked or answered on it just now."""
        ...

    def overdue(self, now: float) -> Refusal | None:
        """Return which deadline has passed, if any."""
        ...

    def end(self, refusal: Refusal) -> None:
        """End it, with an answer where one can still be read."""
        ...


class Edge:
    """Counts connections and ends those that cost too much.

    Args:
        naming: names the client of a connection, and of a request that a trusted proxy passes on.
        now: seconds that never go back; read twice a second.
    """

    def __init__(
        self,
        limits: EdgeLimits,
        *,
        naming: Clients,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits
        self.naming = naming
        self.starts = FairStarts()
        self.refused: Counter[str] = Counter({refusal.reason: 0 for refusal in Refusal})
        self._clock = now
        self.now = now()
        self.connections = 0
        self.connections_max = self._most()
        self._clients: dict[str, dict[Connection, None]] = {}

    @property
    def clients(self) -> int:
        """How many clients have a connection."""
        return len(self._clients)

    def admit(self, connection: Connection) -> Refusal | None:
        """Count a new connection; if there is no room for it, return why.

        Where all places are taken, the client that has most gives one up for a client that has fewer.
        """
        own = self._clients.get(connection.client_key, {})
        if not connection.is_shared and len(own) >= self.limits.per_client:
            return Refusal.CLIENT_FULL
        if self.connections >= self.connections_max and not self._make_room(len(own)):
            return Refusal.FULL
        self._clients.setdefault(connection.client_key, {})[connection] = None
        self.connections += 1
        return None

    def release(self, connection: Connection) -> None:
        """Forget a connection that is gone."""
        own = self._clients.get(connection.client_key)
        if own is not None and connection in own:
            del own[connection]
            self.connections -= 1
            if not own:
                del self._clients[connection.client_key]

    async def watch(self) -> None:
        """End connections whose deadline has passed, until cancelled."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.tick()

    def tick(self) -> None:
        """End every connection whose deadline has passed."""
        self.now = self._clock()
        self.connections_max = self._most()
        for connection in [connection for own in self._clients.values() for connection in own]:
            refusal = connection.overdue(self.now)
            if refusal is not None:
                connection.end(refusal)

    def counters(self) -> Mapping[str, Callable[[], float]]:
        """Return what operators want to know."""
        refused = {f"edge_{reason}_total": (lambda reason=reason: self.refused[reason]) for reason in self.refused}
        return {
            "edge_connections": lambda: self.connections,
            "edge_connections_max": lambda: self.connections_max,
            "edge_clients": lambda: self.clients,
            "edge_starts_waiting": lambda: self.starts.waiting,
            **refused,
        }

    def _make_room(self, newcomer_has: int) -> bool:
        own = (own for own in self._clients.values() if not next(iter(own)).is_shared)
        most: dict[Connection, None] = max(own, key=len, default={})
        if len(most) <= newcomer_has + 1:
            return False
        chosen = next((connection for connection in most if connection.is_idle), next(iter(most)))
        self.release(chosen)
        chosen.end(Refusal.FULL)
        return True

    def _most(self) -> int:
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = self.limits.connections
        if soft == resource.RLIM_INFINITY:
            return wanted if wanted is not None else OWN_FILES * OWN_FILES
        left = max(CONNECTIONS_MIN, soft - OWN_FILES)
        return left if wanted is None else min(wanted, left)
