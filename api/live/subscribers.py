"""Subscribers of all seat maps, by client; at the limit the client with the most subscribers loses one."""

import random
from collections import OrderedDict
from dataclasses import dataclass, field

from api.live.seat_map import LiveSeatMap
from api.live.subscriber import Subscriber
from application.errors import Busy, TooManyWatchers

WATCHERS_MAX = 5_000
PER_CLIENT_MAX = 100
REJECTED_RETRY_MS = (20_000, 40_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchLimits:
    """Maximum number of subscribers: in total, per client."""

    watchers: int = WATCHERS_MAX
    per_client: int = PER_CLIENT_MAX


@dataclass(slots=True)
class SubscriberLimits:
    """Counts subscribers; `rejected` counts those that were ended for others."""

    limits: WatchLimits = field(default_factory=WatchLimits)
    total: int = 0
    rejected: int = 0
    _clients: dict[str, OrderedDict[Subscriber, LiveSeatMap]] = field(default_factory=dict)

    def check(self, client: str) -> None:
        """Check that a client may have one more subscriber.

        Raises:
            TooManyWatchers: the client has reached its limit.
            Busy: the total limit is reached and no client has more subscribers.
        """
        own = len(self._clients.get(client, ()))
        if own >= self.limits.per_client:
            raise TooManyWatchers(self.limits.per_client)
        if self.total >= self.limits.watchers and len(self._most()) <= own + 1:
            raise Busy("The maximum number of watchers is reached.")

    def enter(self, client: str, live: LiveSeatMap, subscriber: Subscriber) -> None:
        """Add a subscriber; beyond the limit, end another one."""
        while self.total >= self.limits.watchers and self.reject_one():
            pass
        self._clients.setdefault(client, OrderedDict())[subscriber] = live
        self.total += 1
        live.subscribe(subscriber)

    def leave(self, client: str, subscriber: Subscriber) -> None:
        """Remove a subscriber."""
        own = self._clients.get(client)
        if own is None or subscriber not in own:
            return
        own.pop(subscriber).unsubscribe(subscriber)
        self.total -= 1
        if not own:
            del self._clients[client]

    def reject_one(self) -> bool:
        """End the oldest subscriber of the client with the most; return False if no client has more than one."""
        most = self._most()
        if len(most) <= 1:
            return False
        subscriber, live = most.popitem(last=False)
        self.total -= 1
        self.rejected += 1
        live.unsubscribe(subscriber)
        subscriber.reject(random.randint(*REJECTED_RETRY_MS))  # noqa: S311 - no secret
        return True

    def _most(self) -> OrderedDict[Subscriber, LiveSeatMap]:
        return max(self._clients.values(), key=len, default=OrderedDict())
