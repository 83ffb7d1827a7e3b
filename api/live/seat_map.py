"""One performance while somebody looks at it: where its places stand, its document, and the clients that watch it."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress

from api.live.messages import (
    HEARTBEAT,
    Known,
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
"""How old a document may be that no longer says everything; `/live` goes on from its position all the same."""

CHANGES_SENT_MAX = 2_000
"""A client that missed more is told to fetch the document, which is compressed and made once for all."""

HEARTBEAT_SECONDS = 10.0
STALLED_SECONDS_MAX = 20.0
RETRY_MS = (500, 3_000)
"""Clients that lost the same server come back one after the other."""

SUBSCRIBERS_PER_BATCH = 100
OWN_BYTES = 4_096
PLACE_BYTES = 9
"""A state and a position."""


class LiveSeatMap:
    """A performance's places, followed from the moment they were loaded.

    Args:
        now: the log's time, estimated, as a Unix time.
        followed_after: the feed tells everything after this position.
        tag: names the edition of the read model that it begins with.
    """

    def __init__(
        self, performance: str, inventory: Inventory, now: Callable[[], float], *, followed_after: int, tag: str
    ) -> None:
        self.performance = performance
        self.tag = tag
        self.places = LivePlaces(inventory)
        self.followed_after = followed_after
        self.position = followed_after
        self.asked_at = 0.0
        self.public_until = 0.0
        self._ended = False
        self._now = now
        self._moved = asyncio.Event()
        self._watchers: set[Subscriber] = set()
        self._behind: set[Subscriber] = set()
        self._missed: dict[int, tuple[bytes, int]] = {}
        self._sent_at = 0.0
        self._cached_snapshot: Snapshot | None = None
        self._making: asyncio.Task[None] | None = None

    @property
    def watchers(self) -> int:
        """How many clients watch."""
        return len(self._watchers)

    @property
    def size(self) -> int:
        """How many bytes it holds, its inventory not counted: others may have the same."""
        kept = (
            0
            if self._cached_snapshot is None
            else len(self._cached_snapshot.plain) + len(self._cached_snapshot.compressed)
        )
        return OWN_BYTES + PLACE_BYTES * len(self.places.inventory) + kept

    def advance_to(self, position: int) -> None:
        """Note that everything up to a position has been told."""
        self.position = max(self.position, position)
        self._moved.set()

    async def wait_for(self, position: int) -> bool:
        """Wait, at most two seconds, until everything up to a position has been told; False if it has not."""
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_SECONDS_MAX):
                while self.position < position:
                    self._moved.clear()
                    await self._moved.wait()
        return self.position >= position

    async def snapshot(self, min_position: int) -> Snapshot:
        """Return the document; while many ask, the last one is given until the next is made, once for all of them.

        Args:
            min_position: this far at least; not beyond what is known here.
        """
        while True:
            self.places.expire_until(self._now())
            kept = self._cached_snapshot
            if kept is not None:
                age = asyncio.get_running_loop().time() - kept.made_at
                changed = kept.etag != self._etag()
                if changed and age >= SNAPSHOT_SECONDS_MIN:
                    self._remake()
                if kept.position >= min_position and (not changed or age < SNAPSHOT_SECONDS_MAX):
                    return kept
            await asyncio.shield(self._remake())

    def subscribe(self, subscriber: Subscriber) -> None:
        """Let a client watch, beginning with what it missed since its position."""
        if self._ended:
            subscriber.end()
            return
        missed, position = self._since(subscriber.position)
        greeted = sse_preamble(random.randint(*RETRY_MS), Known(position, self.tag)) + missed  # noqa: S311 - no secret
        self._watchers.add(subscriber)
        if not subscriber.try_send(greeted, position, asyncio.get_running_loop().time()):
            self._behind.add(subscriber)

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Forget a client."""
        self._watchers.discard(subscriber)
        self._behind.discard(subscriber)

    async def tick(self) -> None:
        """Tell every client what changed since the last tick, or that we are still here."""
        self._missed.clear()
        if not self._watchers:
            self.places.take_changed()  # whoever comes is told what is missing
            return
        now = asyncio.get_running_loop().time()
        self.places.expire_until(self._now())
        changed, late = self.places.take_changed(), tuple(self._behind)
        if changed:
            await self._send_to_all(self._delta(changed), now)
        elif now - self._sent_at >= HEARTBEAT_SECONDS:
            await self._send_to_all(HEARTBEAT, now)
        for subscriber in late:
            self._send_to_late(subscriber, now)

    def end(self, *, outdated: bool = False) -> None:
        """End every client's answer; they come back, to this server or another.

        Args:
            outdated: what they were told does not hold any more, so they are to fetch all seats again.
        """
        self._ended = True
        watchers, self._watchers = self._watchers, set()
        self._behind.clear()
        for subscriber in watchers:
            if outdated:
                subscriber.try_send(reset_message(Known(0, self.tag)), 0, asyncio.get_running_loop().time())
            subscriber.end()

    def is_newer_edition_than(self, known: Known) -> bool:
        """Say whether what a client knows is of another edition, so that no changes lead from it to this one."""
        return known.tag not in {None, self.tag}

    async def _send_to_all(self, message: bytes, now: float) -> None:
        position, self._sent_at = self.position, now
        for number, subscriber in enumerate(tuple(self._watchers - self._behind), 1):
            if subscriber in self._watchers and not subscriber.try_send(message, position, now):
                self._behind.add(subscriber)
            if number % SUBSCRIBERS_PER_BATCH == 0:
                await asyncio.sleep(0)

    def _send_to_late(self, subscriber: Subscriber, now: float) -> None:
        """Tell a client whose connection was full everything at once; cut it off if it takes nothing for too long."""
        missed, position = self._since(subscriber.position)
        if subscriber.try_send(missed, position, now):
            self._behind.discard(subscriber)
        elif subscriber.stalled_since is not None and now - subscriber.stalled_since > STALLED_SECONDS_MAX:
            self.unsubscribe(subscriber)
            subscriber.abort()

    def _since(self, position: int) -> tuple[bytes, int]:
        """Return what a client missed since a position, and up to where; written once for all who missed the same."""
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

    def _current(self) -> Known:
        return Known(self.position, self.tag)

    def _etag(self) -> str:
        return f'W/"{self.tag}-{self.places.version}"'

    def _remake(self) -> asyncio.Task[None]:
        if self._making is None or self._making.done():
            self._making = asyncio.create_task(self._make(), name="document of seats")
        return self._making

    async def _make(self) -> None:
        etag, position, states = self._etag(), self.position, self.places.states()
        plain, packed = await asyncio.to_thread(self._written, position, states)
        made_at = asyncio.get_running_loop().time()
        self._cached_snapshot = Snapshot(position=position, etag=etag, plain=plain, compressed=packed, made_at=made_at)

    def _written(self, position: int, states: bytes) -> tuple[bytes, bytes]:
        plain = seat_map_document(self.performance, position, self.places.inventory, states)
        return plain, compress_document(plain)
