"""The log from any position on: JetStream while it is near and trustworthy, ranges from the store otherwise.

Whoever reads never sees the difference: events come in order, each once, and end on a command's last part.
"""

import asyncio
from typing import Protocol

import structlog

from eventstore.epoch import Epochs
from eventstore.errors import EventStoreError
from eventstore.feed.follower import Cursor, Follower, Surprise
from eventstore.feed.limits import LIMITS, FeedLimits
from eventstore.jetstream.errors import NatsRefused, NatsTooOld, NatsUnavailable
from eventstore.jetstream.link import NatsLink
from eventstore.store import Recorded, Store

RANGE_EVENTS = 2_000
POLL_FIRST_S = 0.005
POLL_MAX_S = 0.25
HEAD_CHECK_S = 1.0

_log = structlog.get_logger(__name__)


class LogWentBack(EventStoreError):
    """The log ends before what was read from it: it was restored, or is another one."""


class EventFeed(Protocol):
    """Whoever hands out the log in order."""

    async def next(self) -> list[Recorded]:
        """Wait for the next events; they follow the last ones and end on a command's last part.

        Raises:
            StoreUnavailable: the store cannot be asked; ask again later, nothing is lost.
            LogWentBack: the log ends before what was read.
        """
        ...

    async def close(self) -> None:
        """Let go of what is held."""
        ...


class Feed:
    """An `EventFeed` that prefers JetStream at the end of the log.

    Args:
        store: the log; what it says counts.
        epochs: names the stream.
        link: a connection to NATS, which need not be there.
        after: the last position that is known already; the end of a command.
    """

    def __init__(
        self, *, store: Store, epochs: Epochs, link: NatsLink, after: int, limits: FeedLimits = LIMITS
    ) -> None:
        self._store = store
        self._epochs = epochs
        self._link = link
        self._limits = limits
        self._position = after
        self._created: str | None = None
        self._follower: Follower | None = None
        self._follow_again_at = 0.0
        self._head_checked_at = 0.0
        self._pause_s = POLL_FIRST_S

    @property
    def position(self) -> int:
        """The last position that was handed out."""
        return self._position

    @property
    def follows(self) -> bool:
        """Whether events come from JetStream at the moment."""
        return self._follower is not None

    async def next(self) -> list[Recorded]:
        """Wait for the next events, as `EventFeed.next` says."""
        while True:
            events = await self._from_stream() if self._follower is not None else []
            if not events:
                events = await self._from_store()
            if events:
                self._pause_s = POLL_FIRST_S
                self._position = events[-1].position
                return events

    async def close(self) -> None:
        """Stop following."""
        if self._follower is not None:
            follower, self._follower = self._follower, None
            await follower.stop()

    async def _from_stream(self) -> list[Recorded]:
        """Return what the stream says; after a silence or a surprise, nothing."""
        assert self._follower is not None
        try:
            events = await self._follower.take(self._limits.silence_s)
        except (Surprise, NatsUnavailable) as surprise:
            _log.info("feed: reading from the store", why=str(surprise), position=self._position)
            await self.close()
            return []
        # The store may have told some of it already, when the stream was late.
        while events and events[0].position <= self._position:
            events = events[self._position - events[0].position + 1 :]
        return events

    async def _from_store(self) -> list[Recorded]:
        events = await self._store.read_range(after=self._position, limit=RANGE_EVENTS)
        if not events:
            await self._check_head()
        if self._follower is None:
            if len(events) <= self._limits.near_events_max:
                await self._follow(events)
            if not events and self._follower is None:
                await asyncio.sleep(self._pause_s)
                self._pause_s = min(2 * self._pause_s, POLL_MAX_S)
        return events

    async def _check_head(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._head_checked_at < HEAD_CHECK_S:
            return
        self._head_checked_at = now
        head = await self._store.head()
        if head < self._position:
            raise LogWentBack(f"The log ends at {head}, but was read up to {self._position} before.")

    async def _follow(self, events: list[Recorded]) -> None:
        """Follow the stream after these events, if it can be trusted; a failure is tried again a second later."""
        now = asyncio.get_running_loop().time()
        if now < self._follow_again_at:
            return
        self._follow_again_at = now + self._limits.follow_pause_s
        epoch = await self._epochs.current()
        if epoch is None:
            return
        cursor = Cursor(sequence=events[-1].position if events else self._position, created=self._created)
        try:
            self._follower = await Follower.start(
                self._link.client(), epoch, cursor, self._digest_at, limits=self._limits
            )
        except (Surprise, NatsUnavailable, NatsRefused, NatsTooOld) as reason:
            _log.debug("feed: not following", why=str(reason), position=cursor.sequence)
            self._created = None
        else:
            self._created = self._follower.created

    async def _digest_at(self, position: int) -> bytes | None:
        events = await self._store.read_range(after=position - 1, limit=1)
        return events[0].digest if events else None
