"""On servers of their own a shop's database goes back to an earlier state, by every way there is, in the naive order.

Two API processes, the relay, the projector, the processes, the sealer and NATS know a future that the log has lost:
they live on, or are started in the order that helps least. Other events take the places of the lost ones at once.
"""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.example_count import ExampleCount
from tests.restore.restoring import Backup, shows_the_log, unequal_rebuilds
from tests.restore.separate import PARTS, SeparateShop, is_ready, separate_shop
from tests.system.actors import device_at, hold_seat, paid_order
from tests.system.shop import until
from tests.system.venue import VenueFixture, build, grid, organizer_of
from tests.temp_folders import folder_in_memory

LOST_ORDERS = 3
READERS_FIRST = ("api1", "project", "process", "seal", "api2", "sandbox", "relay")
"""Who follows the log meets the old stream, and only then comes the relay, which compares the two."""


@pytest.fixture(scope="module")
def shop() -> Iterator[SeparateShop]:
    """A shop of separate parts; one restore after the other happens to it."""
    with folder_in_memory() as folder, separate_shop(folder / "data") as running_shop:
        yield running_shop


@pytest.fixture(scope="module")
def house(shop: SeparateShop) -> VenueFixture:
    """A house with seats for all that is sold here."""
    token = shop.token("organizer")
    return build(shop, token, organizer_of(shop, token), document=grid(6, 20))


class Drill:
    """What was sold before the backup, what is lost, and what happens in its place.

    Args:
        effort: more of it lets parts start in an order that is drawn, in place of the one that helps least.
    """

    def __init__(self, shop: SeparateShop, house: VenueFixture, folder: Path, example_count: ExampleCount) -> None:
        self.shop = shop
        self.backup = Backup(shop.postgres)
        self.file = folder / "backup"
        self._house = house
        self._effort = example_count
        self._draw = random.Random(example_count.seed)
        self._ann, self._ben = shop.buyers(2)
        self._show = house.on_sale()
        paid_order(house, self._show, self._ann)

    def lose(self) -> None:
        """Let things happen that the backup does not know, until every reader knows them."""
        for number in range(LOST_ORDERS):
            paid_order(self._house, self._show, self._ann, first=2 + 2 * number)
        device_at(self._house, self._house.on_sale())
        self.shop.caught_up()

    def start_parts(self) -> None:
        """Start all parts, the relay last; where more effort is asked for, in an order that is drawn."""
        order = self._draw.sample(PARTS, len(PARTS)) if self._effort.times > 1 else READERS_FIRST
        self.shop.start_parts(*order)

    async def go_on(self) -> None:
        """Sell other things at the places of the lost ones, then do what the documents say; look at every screen."""
        self.shop.serving()
        apis, buyers = [f"{url}/api/v1" for url in self.shop.apis.values()], [self._ann, self._ben]
        for number in range(LOST_ORDERS):
            paid_order(self._house, self._show, self._ben, first=4 + 2 * number)
        hold_seat(self._house, self._show, self._ann, nth=2)
        await shows_the_log(self.shop, apis, buyers)
        for words in (("seal", "new-chain"), ("relay", "new-epoch")):
            self.shop.operate(*words, "--reason", "the log was restored")
        paid_order(self._house, self._show, self._ben, first=20)
        await shows_the_log(self.shop, apis, buyers)
        assert await unequal_rebuilds(self.shop) == []
        assert self.shop.ended_parts() == []
        self.shop.operate("audit", "verify")


@pytest.fixture
def drill(shop: SeparateShop, house: VenueFixture, tmp_path: Path, example_count: ExampleCount) -> Drill:
    """One restore, of what is sold from now on."""
    return Drill(shop, house, tmp_path, example_count)


class TestRestoredServers:
    async def test_given_parts_that_live_on_then_a_dump_is_restored_beside(self, drill: Drill) -> None:
        drill.backup.dump(drill.file)
        drill.lose()
        drill.backup.restore(drill.file)
        await drill.go_on()

    async def test_given_parts_that_live_on_then_they_meet_an_empty_database_first(self, drill: Drill) -> None:
        drill.backup.dump(drill.file)
        drill.lose()
        drill.backup.empty()
        until(lambda: not any(map(is_ready, drill.shop.apis.values())), "both API processes to meet it")
        drill.backup.fill(drill.file)
        await drill.go_on()

    async def test_given_a_stopped_shop_then_readers_start_before_the_relay(self, drill: Drill) -> None:
        drill.backup.dump(drill.file)
        drill.lose()
        drill.shop.end_parts()
        drill.backup.restore(drill.file)
        drill.start_parts()
        await drill.go_on()

    async def test_given_a_stopped_shop_and_an_empty_nats_then_readers_start_before_the_relay(
        self, drill: Drill
    ) -> None:
        drill.backup.dump(drill.file)
        drill.lose()
        drill.shop.end_parts()
        drill.shop.empty_nats()
        drill.backup.restore(drill.file)
        drill.start_parts()
        await drill.go_on()

    async def test_given_parts_that_live_on_then_the_server_comes_back_at_a_point_in_time(self, drill: Drill) -> None:
        drill.backup.copy_cluster(drill.file)
        drill.backup.mark()
        drill.lose()
        drill.backup.bring_back(drill.file)
        await drill.go_on()
