"""Rate limit of logins: slows guessing down without locking accounts.

Attempts at an account are spaced by a delay that grows with its failures and decays with time. They run one by one,
with clients alternating, so the owner's attempt is next whatever the number of guesses; a device that has logged in
before has a queue of its own. Each client has a budget of attempts, successful or not. All state is in memory and
bounded. Source: OWASP, Slow Down Online Guessing Attacks with Device Cookies.
"""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from api.http.fair_queue import FairQueue
from application.errors import Busy, TooManyAttempts, WrongCredentials
from domain.ports.personal_data import AddressTaken

KEYS_MAX = 50_000
ATTEMPTS_BURST, ATTEMPTS_PER_SECOND = 200, 20.0
GUESTS_BURST, GUESTS_PER_SECOND = 1_200, 20.0
WAIT_SECONDS_MAX = 5.0
QUEUE_SECONDS_MAX = 8.0
FREE_FAILURES = 5
FORGIVEN_PER_SECOND = 1 / 60
DELAY_SECONDS = 0.25
DELAY_SECONDS_MAX = 4.0
DELAYED_MAX = 100
DELAYED_OF_CLIENT_MAX = 10
QUEUE_LENGTH_MAX = 20
HASHING_MAX, HASHING_WAITING_MAX, HASHING_SECONDS_MAX = 4, 100, 5.0


class RateLimit:
    """A token bucket per key; the least recently used keys are evicted first.

    Args:
        burst: number of immediate charges.
        per_second: rate at which the budget refills.
        wait_seconds_max: maximum wait for a charge beyond the budget.
        keys_max: maximum number of keys.
        now: monotonic clock in seconds.
    """

    def __init__(
        self,
        burst: int,
        per_second: float,
        *,
        wait_seconds_max: float = 0.0,
        keys_max: int = KEYS_MAX,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interval = 1 / per_second
        self._burst_seconds = (burst - 1) / per_second
        self._wait_seconds_max = wait_seconds_max
        self._keys_max = keys_max
        self._now = now
        self._due: OrderedDict[str, float] = OrderedDict()

    def charge(self, key: str) -> float:
        """Charge a key's budget, and return the seconds to wait first.

        Raises:
            TooManyAttempts: the wait would exceed the limit; nothing was charged.
        """
        now = self._now()
        due = max(now, self._due.get(key, now))
        wait = max(0.0, due - now - self._burst_seconds)
        if wait > self._wait_seconds_max:
            raise TooManyAttempts(math.ceil(wait - self._wait_seconds_max))
        self._due[key] = due + self._interval
        self._due.move_to_end(key)
        if len(self._due) > self._keys_max:
            self._due.popitem(last=False)
        return wait


@dataclass(slots=True)
class AttemptQueue:
    """The attempts at one account by unknown devices, or by one known device."""

    queue: FairQueue
    failures: float = 0.0
    running: int = 0
    seen_at: float = 0.0
    ready_at: float = 0.0

    def decay_failures(self, now: float) -> None:
        """Reduce the failures by the time that has passed."""
        self.failures = max(0.0, self.failures - (now - self.seen_at) * FORGIVEN_PER_SECOND)
        self.seen_at = now

    @property
    def delay(self) -> float:
        """Seconds between two attempts."""
        beyond = self.failures - FREE_FAILURES
        return 0.0 if beyond < 0 else min(DELAY_SECONDS_MAX, DELAY_SECONDS * 2**beyond)


class LoginRateLimit:
    """Limits attempts to log in, to register and to create guest accounts.

    Args:
        per_client: budget of attempts per client.
        guests: budget of guest accounts per client.
        now: monotonic clock in seconds.
        sleep: waits for a number of seconds.
    """

    def __init__(
        self,
        *,
        per_client: RateLimit | None = None,
        guests: RateLimit | None = None,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._per_client = per_client or RateLimit(
            ATTEMPTS_BURST, ATTEMPTS_PER_SECOND, wait_seconds_max=WAIT_SECONDS_MAX, now=now
        )
        self._guests = guests or RateLimit(GUESTS_BURST, GUESTS_PER_SECOND, now=now)
        self._now = now
        self._sleep = sleep
        self._queues: OrderedDict[str, AttemptQueue] = OrderedDict()
        self._delayed = FairQueue(
            running_max=DELAYED_MAX,
            waiting_max=0,
            waiting_seconds_max=0.0,
            client_max=DELAYED_OF_CLIENT_MAX,
        )
        self._hashing = FairQueue(
            running_max=HASHING_MAX, waiting_max=HASHING_WAITING_MAX, waiting_seconds_max=HASHING_SECONDS_MAX
        )

    @asynccontextmanager
    async def attempt(self, account: str, client: str, *, device: str = "") -> AsyncIterator[None]:
        """Run an attempt at an account after its delay; wrong credentials and a taken address count as failures.

        Args:
            account: the attempted account, existing or not.
            client: the client of the request.
            device: name of a device that has logged in to this account before.

        Raises:
            TooManyAttempts: the wait would exceed the limit.
            Busy: too many passwords are being checked.
        """
        await self._wait(self._per_client.charge(client), client)
        line = self._queue_of(f"{account} {device}")
        line.running += 1
        try:
            if line.failures + line.running <= FREE_FAILURES:
                async with self._hashing.slot(client):
                    yield
            else:
                async with self._queued(line, client), self._hashing.slot(client):
                    yield
        except (WrongCredentials, AddressTaken):
            line.failures += 1
            line.ready_at = self._now() + line.delay
            raise
        finally:
            line.running -= 1

    def record_guest(self, client: str) -> None:
        """Count a guest account.

        Raises:
            TooManyAttempts: the client has created too many recently.
        """
        self._guests.charge(client)

    @asynccontextmanager
    async def _queued(self, line: AttemptQueue, client: str) -> AsyncIterator[None]:
        """Wait in an account's queue, then for its delay."""
        async with self._delay(client, line.delay):
            try:
                await line.queue.enter(client)
            except Busy:
                raise TooManyAttempts(math.ceil(max(1.0, line.delay))) from None
            try:
                await self._sleep(max(0.0, line.ready_at - self._now()))
                yield
            finally:
                line.queue.leave(client)

    async def _wait(self, seconds: float, client: str) -> None:
        if seconds > 0:
            async with self._delay(client, seconds):
                await self._sleep(seconds)

    @asynccontextmanager
    async def _delay(self, client: str, seconds: float) -> AsyncIterator[None]:
        """Occupy one of the few waiting slots, so that waiting attempts do not block other requests."""
        if not self._delayed.try_enter(client):
            raise TooManyAttempts(math.ceil(max(1.0, seconds)))
        try:
            yield
        finally:
            self._delayed.leave(client)

    def _queue_of(self, key: str) -> AttemptQueue:
        line = self._queues.get(key)
        if line is None:
            queue = FairQueue(running_max=1, waiting_max=QUEUE_LENGTH_MAX, waiting_seconds_max=QUEUE_SECONDS_MAX)
            line = self._queues[key] = AttemptQueue(queue=queue, seen_at=self._now())
            if len(self._queues) > KEYS_MAX:
                self._queues.popitem(last=False)
        self._queues.move_to_end(key)
        line.decay_failures(self._now())
        return line
