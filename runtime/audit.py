"""The audit queries of the command line; they read only the log, as the application's role."""

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
from runtime.database import url_of_role
from runtime.settings import Settings

EVENTS_SHOWN_MAX = 10_000

Body = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PointInTime:
    """The time or the position of an as-of query; neither: the end of the log."""

    at: datetime | None = None
    position: int | None = None


@asynccontextmanager
async def open_log_as_of(settings: Settings, moment: PointInTime) -> AsyncIterator[tuple[HistoricalStreams, AsOf]]:
    """Open the log for reading as of a point in time.

    Raises:
        Invalid: both time and position are given, or the moment lies in the future.
    """
    async with PostgresStore(url_of_role(settings, APP_ROLE)) as store:
        point = await as_of(store, at=moment.at, position=moment.position)
        yield HistoricalStreams(store, build_codec()), point


async def search_log(settings: Settings, query: Search) -> list[Body]:
    """Return the matching events, page by page up to the query's limit, however long the scan takes.

    Raises:
        Invalid, NotFound: the query names an event, stream, subject or actor that does not exist.
    """
    limit, bodies = query.limit, list[Body]()
    codec = build_codec()
    async with PostgresStore(url_of_role(settings, APP_ROLE)) as store:
        await require_known(store, query.wanted)
        while True:
            found = await search(store, replace(query, limit=limit - len(bodies)))
            currencies = await currencies_of(store, codec, found.events)
            bodies += [present.recorded_event_json(event, codec, currencies) for event in found.events]
            if found.next_position is None or len(bodies) == limit:
                break
            query = query.from_position(found.next_position)
        if not bodies and query.wanted.actor is not None:
            await require_actor(store, query.wanted.actor)
        return bodies


async def show_stream(settings: Settings, stream: str, moment: PointInTime) -> Body:
    """Return a stream's state and events as of a point in time.

    Raises:
        NotFound: there was no stream of this name.
    """
    async with open_log_as_of(settings, moment) as (streams, point):
        found = await streams.find(stream, point)
        if found is None:
            raise NotFound(f"There is no stream {stream}.")
        page, codec = found.events[:EVENTS_SHOWN_MAX], build_codec()
        body = present.stream_as_of(found, page, codec, await currencies_of(streams.store, codec, page))
        return {**present.as_of_fields(point), **body}


async def show_seat(settings: Settings, performance: str, seat: str, moment: PointInTime) -> Body:
    """Return a seat's state and history as of a point in time; a seat without events is free.

    Raises:
        NotFound: there is no such performance, or its layout has no such seat.
    """
    async with open_log_as_of(settings, moment) as (streams, point):
        if not await streams.store.read_stream(SEAT.stream(performance, seat), limit=1):
            await require_seat(settings, streams, performance, seat)
        found = await seat_as_of(streams, point, performance=performance, seat=seat, after=0, limit=EVENTS_SHOWN_MAX)
        ids = {"performance_id": performance, "seat": seat}
        codec = build_codec()
        currencies = await currencies_of(streams.store, codec, [step.event for step in found.steps])
        return {**present.as_of_fields(point), **ids, **present.seat_as_of(found, codec, currencies)}


async def require_seat(settings: Settings, streams: HistoricalStreams, performance: str, seat: str) -> None:
    """Check that a performance's layout has a seat.

    Raises:
        NotFound: it has not, or there is no such performance.
    """
    recorded = await streams.store.read_stream(PERFORMANCE.stream(performance), limit=1)
    scheduled = [streams.decode(event) for event in recorded]
    if not scheduled or not isinstance(scheduled[0], PerformanceScheduled):
        raise NotFound(f"There is no performance {performance}.")
    async with open_records(settings) as pool:
        inventory = await LayoutInventories(PostgresLayouts(pool)).of(scheduled[0].layout)
    if inventory.place(seat) is None:
        raise NotFound(f"The performance has no seat with the key {seat}; its layout lists the keys.")


async def show_order(settings: Settings, order: str, moment: PointInTime) -> Body:
    """Return an order's state, money and history as of a point in time.

    Raises:
        NotFound: there was no order with this id.
    """
    async with open_log_as_of(settings, moment) as (streams, point):
        found = await order_as_of(streams, point, order)
        if found is None:
            raise NotFound(f"There is no order {order}.")
        codec = build_codec()
        page = found.events[:EVENTS_SHOWN_MAX]
        currencies = await currencies_of(streams.store, codec, page)
        items = [present.recorded_event_json(event, codec, currencies) for event in page]
        return {
            **present.as_of_fields(point),
            "order_id": order,
            "order": present.order_as_of(found, order),
            "items": items,
        }
