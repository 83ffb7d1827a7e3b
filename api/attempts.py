"""Slows guessing down: so many failures by one key within a while, then a pause. Kept in memory, bounded."""

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from api.errors import TooManyAttempts

KEYS_MAX = 50_000


class Limit:
    """At most `count` attempts within `window_seconds`, per key; the least recently seen keys are forgotten first."""

    def __init__(
        self, count: int, window_seconds: float, *, keys_max: int = KEYS_MAX, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._count = count
        self._window_seconds = window_seconds
        self._keys_max = keys_max
        self._now = now
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def check(self, key: str) -> None:
        """Make sure one more attempt is allowed.

        Raises:
            TooManyAttempts: not yet; it says how long to wait.
        """
        seen = self._seen.get(key)
        if seen is None:
            return
        now = self._now()
        while seen and seen[0] <= now - self._window_seconds:
            seen.popleft()
        if len(seen) >= self._count:
            raise TooManyAttempts(math.ceil(seen[0] + self._window_seconds - now))

    def note(self, key: str) -> None:
        """Count an attempt."""
        self._seen.setdefault(key, deque(maxlen=self._count)).append(self._now())
        self._seen.move_to_end(key)
        if len(self._seen) > self._keys_max:
            self._seen.popitem(last=False)

    def forget(self, key: str) -> None:
        """Forgive a key everything."""
        self._seen.pop(key, None)


class Attempts:
    """Who has been guessing: per address and client, per client, and per client that opens guest accounts."""

    def __init__(
        self, *, per_address: Limit | None = None, per_client: Limit | None = None, guests: Limit | None = None
    ) -> None:
        self._per_address = per_address or Limit(10, 15 * 60)
        self._per_client = per_client or Limit(200, 15 * 60)
        self._guests = guests or Limit(1_200, 60)

    def check(self, email: str, client: str) -> None:
        """Make sure that this client may try this address.

        Raises:
            TooManyAttempts: not yet.
        """
        self._per_client.check(client)
        self._per_address.check(f"{client} {email}")

    def failed(self, email: str, client: str) -> None:
        """Count a failure."""
        self._per_client.note(client)
        self._per_address.note(f"{client} {email}")

    def succeeded(self, email: str, client: str) -> None:
        """Forgive the failures at this address from this client."""
        self._per_address.forget(f"{client} {email}")

    def guest(self, client: str) -> None:
        """Count a guest account.

        Raises:
            TooManyAttempts: this client has opened too many of late.
        """
        self._guests.check(client)
        self._guests.note(client)
