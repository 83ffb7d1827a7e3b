"""Open connections by client: admission, eviction from the client with the most, and deadlines twice a second."""

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
"""The smallest number of connections, however low the limit of open files."""


class Connection(Protocol):
    """A connection as the edge needs it."""

    @property
    def client_key(self) -> str:
        """The client that the connection belongs to."""
        ...

    @property
    def is_shared(self) -> bool:
        """Whether it belongs to a trusted proxy, which forwards requests of many clients."""
        ...

    @property
    def is_idle(self) -> bool:
        """Whether no request is being received or answered."""
        ...

    def overdue(self, now: float) -> Refusal | None:
        """Return the refusal for a passed deadline; None: no deadline has passed."""
        ...

    def end(self, refusal: Refusal) -> None:
        """Close it, after a response if the client can still read one."""
        ...


class Edge:
    """Counts connections and closes those that exceed their limits.

    Args:
        clients: identifies the client of a connection, and of a request that a trusted proxy forwards.
        now: monotonic seconds; read twice a second.
    """

    def __init__(
        self,
        limits: EdgeLimits,
        *,
        clients: Clients,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits
        self.clients = clients
        self.starts = FairStarts()
        self.refused: Counter[str] = Counter({refusal.reason: 0 for refusal in Refusal})
        self._clock = now
        self.now = now()
        self.connections = 0
        self.connections_max = self._effective_max()
        self._by_client: dict[str, dict[Connection, None]] = {}

    @property
    def client_count(self) -> int:
        """The number of clients with a connection."""
        return len(self._by_client)

    def admit(self, connection: Connection) -> Refusal | None:
        """Count a new connection; return the refusal if a limit is reached.

        When the server is full, a connection of the client with the most is closed in favour of a client with fewer.
        """
        own = self._by_client.get(connection.client_key, {})
        if not connection.is_shared and len(own) >= self.limits.per_client:
            return Refusal.CLIENT_FULL
        if self.connections >= self.connections_max and not self._evict_for(len(own)):
            return Refusal.FULL
        self._by_client.setdefault(connection.client_key, {})[connection] = None
        self.connections += 1
        return None

    def release(self, connection: Connection) -> None:
        """Stop counting a closed connection; a second call changes nothing."""
        own = self._by_client.get(connection.client_key)
        if own is not None and connection in own:
            del own[connection]
            self.connections -= 1
            if not own:
                del self._by_client[connection.client_key]

    async def watch(self) -> None:
        """Close connections whose deadline has passed, until cancelled."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.tick()

    def tick(self) -> None:
        """Close every connection whose deadline has passed."""
        self.now = self._clock()
        self.connections_max = self._effective_max()
        for connection in [connection for own in self._by_client.values() for connection in own]:
            refusal = connection.overdue(self.now)
            if refusal is not None:
                connection.end(refusal)

    def counters(self) -> Mapping[str, Callable[[], float]]:
        """Return the metrics of the edge by name."""
        refused = {f"edge_{reason}_total": (lambda reason=reason: self.refused[reason]) for reason in self.refused}
        return {
            "edge_connections": lambda: self.connections,
            "edge_connections_max": lambda: self.connections_max,
            "edge_clients": lambda: self.client_count,
            "edge_starts_waiting": lambda: self.starts.waiting,
            **refused,
        }

    def _evict_for(self, newcomer_has: int) -> bool:
        own = (own for own in self._by_client.values() if not next(iter(own)).is_shared)
        most: dict[Connection, None] = max(own, key=len, default={})
        if len(most) <= newcomer_has + 1:
            return False
        chosen = next((connection for connection in most if connection.is_idle), next(iter(most)))
        self.release(chosen)
        chosen.end(Refusal.FULL)
        return True

    def _effective_max(self) -> int:
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = self.limits.connections
        if soft == resource.RLIM_INFINITY:
            return wanted if wanted is not None else OWN_FILES * OWN_FILES
        left = max(CONNECTIONS_MIN, soft - OWN_FILES)
        return left if wanted is None else min(wanted, left)
