"""Everybody who watches, by client: whom a full house sends away is the client that has most."""

import random
from collections import OrderedDict
from dataclasses import dataclass, field

from api.live.seat_map import LiveSeatMap
from api.live.subscriber import Subscriber
from application.errors import Busy, TooManyWatchers

WATCHERS_MAX = 5_000
PER_CLIENT_MAX = 100
SENT_AWAY_RETRY_MS = (20_000, 40_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchLimits:
    """How many may watch: of all clients, of one client."""

    watchers: int = WATCHERS_MAX
    per_client: int = PER_CLIENT_MAX


@dataclass(slots=True)
class SubscriberLimits:
    """Counts those who watch; `rejected` those who had to go for others."""

    limits: WatchLimits = field(default_factory=WatchLimits)
    total: int = 0
    rejected: int = 0
    _clients: dict[str, OrderedDict[Subscriber, LiveSeatMap]] = field(default_factory=dict)

    def check(self, client: str) -> None:
        """Make sure that one more of a client may watch.

        Raises:
            TooManyWatchers: it has as many as one may have.
            Busy: nobody has more than it would have.
        """
        own = len(self._clients.get(client, ()))
        if own >= self.limits.per_client:
            raise TooManyWatchers(self.limits.per_client)
        if self.total >= self.limits.watchers and len(self._most()) <= own + 1:
            raise Busy("Too many watch already.")

    def enter(self, client: str, live: LiveSeatMap, subscriber: Subscriber) -> None:
        """Let one watch; if that is one too many, another goes."""
        while self.total >= self.limits.watchers and self.reject_one():
            pass
        self._clients.setdefault(client, OrderedDict())[subscriber] = live
        self.total += 1
        live.subscribe(subscriber)

    def leave(self, client: str, subscriber: Subscriber) -> None:
        """Forget one who has gone."""
        own = self._clients.get(client)
        if own is None or subscriber not in own:
            return
        own.pop(subscriber).unsubscribe(subscriber)
        self.total -= 1
        if not own:
            del self._clients[client]

    def reject_one(self) -> bool:
        """End the oldest watcher of the client that has most; False if nobody has more than one."""
        most = self._most()
        if len(most) <= 1:
            return False
        subscriber, live = most.popitem(last=False)
        self.total -= 1
        self.rejected += 1
        live.unsubscribe(subscriber)
        subscriber.reject(random.randint(*SENT_AWAY_RETRY_MS))  # noqa: S311 - no secret
        return True

    def _most(self) -> OrderedDict[Subscriber, LiveSeatMap]:
        return max(self._clients.values(), key=len, default=OrderedDict())
