"""What an operator asks about the past, as the application's role: it reads the log, and nothing else is needed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from adapters.postgres.layouts import LayoutInventories, PostgresLayouts
from api.presenters import as_of as present
from audit.as_of import AsOf, as_of
from audit.currencies import currencies_of
from audit.known import require_actor, require_known
from audit.log_search import Search, search
from audit.order_history import order_as_of
from audit.seat_history import seat_as_of
from audit.streams import HistoricalStreams
from domain.errors import NotFound
from domain.performance import PERFORMANCE, PerformanceScheduled
from domain.seat import SEAT
from eventstore.postgres import PostgresStore
from eventstore.postgres.roles import APP_ROLE
from runtime.command_handling import build_codec
from runtime.connections import open_records
from runtime.roles import url_of_role
from runtime.settings import Settings

EVENTS_SHOWN_MAX = 10_000

Body = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PointInTime:
    """The time or the position that is asked about; neither: now."""

    at: datetime | None = None
    position: int | None = None


@asynccontextmanager
async def open_past(settings: Settings, moment: PointInTime) -> AsyncIterator[tuple[HistoricalStreams, AsOf]]:
    """Open the log as it was.

    Raises:
        Invalid: a moment that is yet to come, or two.
    """
    async with PostgresStore(url_of_role(settings, APP_ROLE)) as store:
        then = await as_of(store, at=moment.at, position=moment.position)
        yield HistoricalStreams(store, build_codec()), then


async def search_log(settings: Settings, asked: Search) -> list[Body]:
    """Return the events that are looked for, however much of the log must be looked at for them.

    Raises:
        Invalid, NotFound: what is looked for cannot be there.
    """
    limit, bodies = asked.limit, list[Body]()
    codec = build_codec()
    async with PostgresStore(url_of_role(settings, APP_ROLE)) as store:
        await require_known(store, asked.wanted)
        while True:
            found = await search(store, replace(asked, limit=limit - len(bodies)))
            currencies = await currencies_of(store, codec, found.events)
            bodies += [present.recorded_event_json(event, codec, currencies) for event in found.events]
            if found.next_position is None or len(bodies) == limit:
                break
            asked = asked.from_position(found.next_position)
        if not bodies and asked.wanted.actor is not None:
            await require_actor(store, asked.wanted.actor)
        return bodies


async def show_stream(settings: Settings, stream: str, moment: PointInTime) -> Body:
    """Return a stream as it was, with its events.

    Raises:
        NotFound: there is none of this name.
    """
    async with open_past(settings, moment) as (streams, then):
        found = await streams.find(stream, then)
        if found is None:
            raise NotFound(f"There is no stream {stream}.")
        page, codec = found.events[:EVENTS_SHOWN_MAX], build_codec()
        shown = present.stream_as_of(found, page, codec, await currencies_of(streams.store, codec, page))
        return {**present.as_of_fields(then), **shown}


async def show_seat(settings: Settings, performance: str, seat: str, moment: PointInTime) -> Body:
    """Return a seat as it was, with its history; one that nobody ever touched is free.

    Raises:
        NotFound: there is no such performance, or it has no such seat.
    """
    async with open_past(settings, moment) as (streams, then):
        if not await streams.store.read_stream(SEAT.stream(performance, seat), limit=1):
            await require_seat(settings, streams, performance, seat)
        found = await seat_as_of(streams, then, performance=performance, seat=seat, after=0, limit=EVENTS_SHOWN_MAX)
        known = {"performance_id": performance, "seat": seat}
        codec = build_codec()
        currencies = await currencies_of(streams.store, codec, [step.event for step in found.steps])
        return {**present.as_of_fields(then), **known, **present.seat_as_of(found, codec, currencies)}


async def require_seat(settings: Settings, streams: HistoricalStreams, performance: str, seat: str) -> None:
    """Refuse a seat that the layout of its performance does not have.

    Raises:
        NotFound: it does not, or there is no such performance.
    """
    recorded = await streams.store.read_stream(PERFORMANCE.stream(performance), limit=1)
    scheduled = [streams.decode(event) for event in recorded]
    if not scheduled or not isinstance(scheduled[0], PerformanceScheduled):
        raise NotFound(f"There is no performance {performance}.")
    async with open_records(settings) as pool:
        inventory = await LayoutInventories(PostgresLayouts(pool)).of(scheduled[0].layout)
    if inventory.place(seat) is None:
        raise NotFound(f"The performance has no seat with the key {seat}; keys stand in its layout.")


async def show_order(settings: Settings, order: str, moment: PointInTime) -> Body:
    """Return an order as it was, with everything that had happened to it.

    Raises:
        NotFound: there is none of this id.
    """
    async with open_past(settings, moment) as (streams, then):
        found = await order_as_of(streams, then, order)
        if found is None:
            raise NotFound(f"There is no order {order}.")
        codec = build_codec()
        page = found.events[:EVENTS_SHOWN_MAX]
        currencies = await currencies_of(streams.store, codec, page)
        items = [present.recorded_event_json(event, codec, currencies) for event in page]
        return {
            **present.as_of_fields(then),
            "order_id": order,
            "order": present.order_as_of(found, order),
            "items": items,
        }
