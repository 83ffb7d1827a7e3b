"""Loading a full house: every place is loaded, and the event loop stays responsive."""

import asyncio

from api.live.places import SOLD
from api.live.seat_map import LiveSeatMap
from api.live.seat_maps import PLACES_PER_PAUSE, load_rows
from projections.seat_map.queries import SeatGroup, SeatMap
from tests.api.live.test_places import LARGE, inventory_of


async def test_given_many_small_groups_then_others_come_in_between() -> None:
    inventory = inventory_of(LARGE)
    live = LiveSeatMap("p", inventory, lambda: 0.0, followed_after=0, tag="t")
    groups = [
        SeatGroup(state="sold", until=None, seats=[key], positions=[position])
        for position, key in enumerate(inventory.seat_keys, 1)
    ]
    loading = asyncio.create_task(load_rows(live, SeatMap(position=len(groups), groups=groups)))
    pauses = 0
    while not loading.done():
        await asyncio.sleep(0)
        pauses += 1
    assert pauses > len(groups) // PLACES_PER_PAUSE
    assert live.position == len(groups)
    assert live.places.states() == bytes([SOLD]) * len(groups)
