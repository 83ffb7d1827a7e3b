"""Seat maps of a separate API process, and clients that open them."""

from collections.abc import Callable
from contextlib import AsyncExitStack

import orjson

from api.live import ClientPosition, LiveResponse, LiveSeatMaps
from eventstore.subscription import PollingSubscription, Subscription
from projections.registry import reader_for
from projections.seat_map.fold import SEAT_MAP
from tests.api.http_scenario import HttpScenario
from tests.api.live.client import Client, ClientSeatMap, watching

CLIENT = "127.0.0.1"


def maps_of(office: HttpScenario, make_feed: Callable[[int], Subscription] | None = None) -> LiveSeatMaps:
    """Return the seat maps of another process, none of them loaded."""
    services = office.shop.engine
    return LiveSeatMaps(
        store=services.store,
        make_feed=make_feed or (lambda after: PollingSubscription(store=services.store, after=after, poll_max_s=0.01)),
        reader=reader_for([SEAT_MAP]),
        models=services.read_models,
        inventory_of=services.place_finder.inventory_of,
        clock=services.clock,
    )


async def open_seat_map(
    office: HttpScenario, maps: LiveSeatMaps, stack: AsyncExitStack
) -> tuple[Client, ClientSeatMap]:
    """Open a seat map like a browser: the document, then the changes after its position."""
    stack.push_async_callback(maps.close)
    snapshot = await maps.snapshot(office.performance_id, 0)
    picture = ClientSeatMap.of(orjson.loads(snapshot.plain))
    live = await maps.to_watch(office.performance_id, CLIENT)
    client = await stack.enter_async_context(
        watching(LiveResponse(live, ClientPosition(picture.position, None), maps.subscribers, CLIENT), "/live")
    )
    return client, picture
