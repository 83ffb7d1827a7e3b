"""An older dump is restored under a running shop, in no particular order: every screen is what the log says again.

Nothing is stopped: two API processes, the relay, the projector, the processes, the sealer and NATS all live on and know
a future that the log has lost. Only then an operator types what the relay and the sealer ask for.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.local.data_directory import DataDirectory
from runtime.local.run_all import environment
from tests.restore.restoring import Backup, is_level, seats_shown, shows_the_log
from tests.system.actors import paid_order
from tests.system.shop import CHECKOUT, COMMAND, Json, Shop, another_api, own_environment, running, until
from tests.system.venue import VenueFixture, build, grid, organizer_of
from tests.temp_folders import folder_in_memory

LOST_ORDERS = 4


@pytest.fixture(scope="module")
def lone_shop() -> Iterator[Shop]:
    """A shop of the test's own."""
    with folder_in_memory() as folder, running(folder / "data") as shop:
        yield shop


def orders_of(shop: Shop, buyer: str) -> list[Json]:
    """Return a buyer's orders."""
    items: list[Json] = shop.get("/orders", buyer)["items"]
    return items


def operate(shop: Shop, *words: str) -> None:
    """Run a command with the settings of the shop's parts; it must end well."""
    env = {**own_environment(), **environment(DataDirectory(shop.data), shop.port)}
    done = subprocess.run([COMMAND, *words], env=env, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def house_of(shop: Shop) -> VenueFixture:
    """Return a small house."""
    token = shop.token("organizer")
    return build(shop, token, organizer_of(shop, token), document=grid(4, 5))


class TestRestoredDump:
    async def test_every_read_model_map_and_list_is_what_the_log_says(self, lone_shop: Shop, tmp_path: Path) -> None:
        shop = lone_shop
        ann, ben = shop.buyers(2)
        house = house_of(shop)
        performance = house.on_sale()
        kept, _ = paid_order(house, performance, ann)
        backup = Backup(DataDirectory(shop.data).postgres)
        with another_api(shop) as second:
            shop.caught_up()
            backup.dump(tmp_path / "backup")
            for number in range(LOST_ORDERS):
                paid_order(house, performance, ann, first=2 + 2 * number)
            shop.caught_up()
            until(lambda: len(seats_shown(second, performance, ["sold"])["sold"]) > 2, "the second process's map")

            backup.restore(tmp_path / "backup")
            until(lambda: is_level(shop), "the read models to stand at the log's end")
            assert [order["order_id"] for order in orders_of(shop, ann)] == [kept]
            bought, _ = paid_order(house, performance, ben, first=2)
            await shows_the_log(shop, [shop.api, second], [ann, ben])
            assert [order["order_id"] for order in orders_of(shop, ben)] == [bought]

            for words in (("relay", "new-epoch"), ("seal", "new-chain")):
                operate(shop, *words, "--reason", "the log was restored")
            for number in range(LOST_ORDERS):
                paid_order(house, performance, ben, first=4 + 2 * number)
            await shows_the_log(shop, [shop.api, second], [ann, ben])
            assert len(orders_of(shop, ben)) == LOST_ORDERS + 1
        operate(shop, "audit", "verify")
