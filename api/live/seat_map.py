"""The live seat map of one performance: states of its places, its document, and its subscribers."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress

from api.live.messages import (
    HEARTBEAT,
    ClientPosition,
    Snapshot,
    areas_in,
    compress_document,
    delta_message,
    reset_message,
    seat_map_document,
    sse_preamble,
)
from api.live.places import LivePlaces
from api.live.subscriber import Subscriber
from domain.layout.inventory import Inventory

WAIT_SECONDS_MAX = 2.0
SNAPSHOT_SECONDS_MIN = 0.1
SNAPSHOT_SECONDS_MAX = 0.25
"""Maximum age of a document that misses changes; `/live` continues from its position."""

CHANGES_SENT_MAX = 2_000
"""A client that missed more is sent `reset`: the document is compressed and made once for all clients."""

HEARTBEAT_SECONDS = 10.0
STALLED_SECONDS_MAX = 20.0
RETRY_MS = (500, 3_000)
"""Range of the reconnection delay, so that clients of a stopped server do not reconnect at once."""

SUBSCRIBERS_PER_BATCH = 100
OWN_BYTES = 4_096
PLACE_BYTES = 9
"""One byte of state and eight of position."""


class LiveSeatMap:
    """States of a performance's places, kept current by the feed.

    Args:
        performance: the performance.
        inventory: its places.
        now: the log's estimated time, as a Unix time.
        followed_after: the feed applies everything after this position.
        tag: the edition of the read model that the states began with.
    """

    def __init__(
        self, performance: str, inventory: Inventory, now: Callable[[], float], *, followed_after: int, tag: str
    ) -> None:
        self.performance = performance
        self.tag = tag
        self.places = LivePlaces(inventory)
        self.followed_after = followed_after
        self.position = followed_after
        self.requested_at = 0.0
        self.public_until = 0.0
        self._ended = False
        self._now = now
        self._moved = asyncio.Event()
        self._watchers: set[Subscriber] = set()
        self._late: set[Subscriber] = set()
        self._missed: dict[int, tuple[bytes, int]] = {}
        self._sent_at = 0.0
        self._cached_snapshot: Snapshot | None = None
        self._making_task: asyncio.Task[None] | None = None

    @property
    def watchers(self) -> int:
        """Number of subscribers."""
        return len(self._watchers)

    @property
    def size(self) -> int:
        """Size in bytes, without the inventory, which performances may share."""
        kept = (
            0
            if self._cached_snapshot is None
            else len(self._cached_snapshot.plain) + len(self._cached_snapshot.compressed)
        )
        return OWN_BYTES + PLACE_BYTES * len(self.places.inventory) + kept

    def advance_to(self, position: int) -> None:
        """Record that everything up to a position is applied."""
        self.position = max(self.position, position)
        self._moved.set()

    async def wait_for(self, position: int) -> bool:
        """Wait up to two seconds until everything up to a position is applied; return False if it is not."""
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_SECONDS_MAX):
                while self.position < position:
                    self._moved.clear()
                    await self._moved.wait()
        return self.position >= position

    async def snapshot(self, min_position: int) -> Snapshot:
        """Return the document. Under many requests the previous one is returned until a new one is made, once for all.

        Args:
            min_position: the minimum position of the document; at most `position`.
        """
        while True:
            self.places.expire_until(self._now())
            kept = self._cached_snapshot
            if kept is not None:
                age = asyncio.get_running_loop().time() - kept.made_at
                changed = kept.etag != self._etag()
                if changed and age >= SNAPSHOT_SECONDS_MIN:
                    self._ensure_making()
                if kept.position >= min_position and (not changed or age < SNAPSHOT_SECONDS_MAX):
                    return kept
            await asyncio.shield(self._ensure_making())

    def subscribe(self, subscriber: Subscriber) -> None:
        """Add a subscriber, beginning with the changes after its position."""
        if self._ended:
            subscriber.end()
            return
        missed, position = self._since(subscriber.position)
        first_message = sse_preamble(random.randint(*RETRY_MS), ClientPosition(position, self.tag)) + missed  # noqa: S311 - no secret
        self._watchers.add(subscriber)
        if not subscriber.try_send(first_message, position, asyncio.get_running_loop().time()):
            self._late.add(subscriber)

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Remove a subscriber."""
        self._watchers.discard(subscriber)
        self._late.discard(subscriber)

    async def tick(self) -> None:
        """Send the changes since the last tick to every subscriber, or a heartbeat."""
        self._missed.clear()
        if not self._watchers:
            self.places.take_changed()  # A new subscriber gets the changes after its own position.
            return
        now = asyncio.get_running_loop().time()
        self.places.expire_until(self._now())
        changed, late = self.places.take_changed(), tuple(self._late)
        if changed:
            await self._send_to_all(self._delta(changed), now)
        elif now - self._sent_at >= HEARTBEAT_SECONDS:
            await self._send_to_all(HEARTBEAT, now)
        for subscriber in late:
            self._send_to_late(subscriber, now)

    def end(self, *, outdated: bool = False) -> None:
        """End every subscriber's response; clients reconnect, to this server or another.

        Args:
            outdated: the states are invalid, so clients must fetch the document again.
        """
        self._ended = True
        watchers, self._watchers = self._watchers, set()
        self._late.clear()
        for subscriber in watchers:
            if outdated:
                subscriber.try_send(reset_message(ClientPosition(0, self.tag)), 0, asyncio.get_running_loop().time())
            subscriber.end()

    def is_newer_edition_than(self, known: ClientPosition) -> bool:
        """Return whether a client's state is of another edition, so that no changes lead to this one."""
        return known.tag not in {None, self.tag}

    async def _send_to_all(self, message: bytes, now: float) -> None:
        position, self._sent_at = self.position, now
        for number, subscriber in enumerate(tuple(self._watchers - self._late), 1):
            if subscriber in self._watchers and not subscriber.try_send(message, position, now):
                self._late.add(subscriber)
            if number % SUBSCRIBERS_PER_BATCH == 0:
                await asyncio.sleep(0)

    def _send_to_late(self, subscriber: Subscriber, now: float) -> None:
        """Send a subscriber whose connection was full all changes at once; abort it if it has stalled for too long."""
        missed, position = self._since(subscriber.position)
        if subscriber.try_send(missed, position, now):
            self._late.discard(subscriber)
        elif subscriber.stalled_since is not None and now - subscriber.stalled_since > STALLED_SECONDS_MAX:
            self.unsubscribe(subscriber)
            subscriber.abort()

    def _since(self, position: int) -> tuple[bytes, int]:
        """Return the changes after a position and the position reached; cached until the next tick."""
        if position not in self._missed:
            self._missed[position] = (self._changes_since(position), self.position)
        return self._missed[position]

    def _changes_since(self, position: int) -> bytes:
        if position > self.position or self.places.are_more_since(position, CHANGES_SENT_MAX):
            return reset_message(self._current())
        missed = self.places.since(position)
        return self._delta(missed) if missed else HEARTBEAT

    def _delta(self, changed: set[int]) -> bytes:
        inventory = self.places.inventory
        seats = self.places.states_of(index for index in changed if index < inventory.seat_count)
        areas = areas_in(inventory, self.places.states()) if len(seats) < len(changed) else []
        return delta_message(self._current(), seats, areas)

    def _current(self) -> ClientPosition:
        return ClientPosition(self.position, self.tag)

    def _etag(self) -> str:
        return f'W/"{self.tag}-{self.places.version}"'

    def _ensure_making(self) -> asyncio.Task[None]:
        if self._making_task is None or self._making_task.done():
            self._making_task = asyncio.create_task(self._make(), name="seat map document")
        return self._making_task

    async def _make(self) -> None:
        etag, position, states = self._etag(), self.position, self.places.states()
        plain, compressed = await asyncio.to_thread(self._write_document, position, states)
        made_at = asyncio.get_running_loop().time()
        self._cached_snapshot = Snapshot(
            position=position, etag=etag, plain=plain, compressed=compressed, made_at=made_at
        )

    def _write_document(self, position: int, states: bytes) -> tuple[bytes, bytes]:
        plain = seat_map_document(self.performance, position, self.places.inventory, states)
        return plain, compress_document(plain)
