"""An older dump is restored under a running shop, in no particular order: every screen is what the log says again.

Nothing is stopped: two API processes, the relay, the projector, the processes, the sealer and NATS all live on and know
a future that the log has lost. Only then an operator types what the relay and the sealer ask for.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from runtime.embedded.postgres import binary
from runtime.ground import Ground
from runtime.up import environment
from tests.memory import folder_in_memory
from tests.system.cast import paid_order
from tests.system.fold import picture_of
from tests.system.log import decoded, read_log
from tests.system.read_models import rows_of
from tests.system.shop import CHECKOUT, COMMAND, Json, Shop, another_api, own_environment, running, until
from tests.system.stage import House, build, grid, organizer_of

LOST_ORDERS = 4
MAJOR = 18


@pytest.fixture(scope="module")
def lone_shop() -> Iterator[Shop]:
    """A shop of the test's own."""
    with folder_in_memory() as folder, running(folder / "data") as shop:
        yield shop


class Database:
    """The shop's database as its owner sees it."""

    def __init__(self, shop: Shop) -> None:
        self._postgres = Ground(shop.data).postgres
        self._url = self._postgres.url
        self._name = str(conninfo_to_dict(self._url)["dbname"])

    def dump(self, file: Path) -> None:
        """Back it up, while it is in use."""
        self._run("pg_dump", "--format=custom", f"--file={file}", self._url)

    def restore(self, file: Path) -> None:
        """Restore a dump beside it and exchange the two, however many are connected."""
        with psycopg.connect(self._postgres.url_of("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE restored")
            self._run("pg_restore", f"--dbname={self._postgres.url_of('restored')}", str(file))
            name = sql.Identifier(self._name)
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
            connection.execute(sql.SQL("ALTER DATABASE restored RENAME TO {}").format(name))

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run([binary(MAJOR, program), *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def seat_map(api: str, performance: str) -> dict[str, list[str]]:
    """Return the seats that one API process shows as taken."""
    answer = httpx.get(f"{api}/performances/{performance}/seats", trust_env=False)
    if answer.status_code != httpx.codes.OK:
        return {}
    states: dict[str, list[str]] = answer.json()["states"]
    return states


def is_level(shop: Shop) -> bool:
    """Say whether every read model runs and is at the log's end."""
    try:
        ready = shop.ready()
    except (httpx.TransportError, KeyError):
        return False
    return set(ready.get("projections", {}).values()) == {"running"} and set(ready["lag"].values()) == {0}


async def shows_the_log(shop: Shop) -> bool:
    """Say whether every row of every read model is what the log says."""
    log, shown = await read_log(shop), await rows_of(shop)
    wanted = picture_of(decoded(log)).rows()
    return all(shown[table] == wanted[table] for table in wanted)


def orders_of(shop: Shop, buyer: str) -> list[Json]:
    """Return a buyer's orders."""
    items: list[Json] = shop.get("/orders", buyer)["items"]
    return items


def operate(shop: Shop, *words: str) -> None:
    """Run a command with the settings of the shop's parts; it must end well."""
    env = {**own_environment(), **environment(Ground(shop.data), shop.port)}
    done = subprocess.run([COMMAND, *words], env=env, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def house_of(shop: Shop) -> House:
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
        database = Database(shop)
        with another_api(shop) as second:
            shop.caught_up()
            database.dump(tmp_path / "backup")
            for number in range(LOST_ORDERS):
                paid_order(house, performance, ann, first=2 + 2 * number)
            shop.caught_up()
            until(lambda: len(seat_map(second, performance)["sold"]) > 1, "the second process to show the sales")

            database.restore(tmp_path / "backup")
            until(lambda: is_level(shop), "the read models to stand at the log's end")
            assert [order["order_id"] for order in orders_of(shop, ann)] == [kept]
            bought, _ = paid_order(house, performance, ben, first=2)
            shop.caught_up()
            assert [order["order_id"] for order in orders_of(shop, ben)] == [bought]
            assert await shows_the_log(shop)
            sold = house.seats(performance)[:4]
            until(lambda: seat_map(shop.api, performance).get("sold") == sold, "the map of the first process")
            until(lambda: seat_map(second, performance).get("sold") == sold, "the map of the second process")

            for words in (("relay", "new-epoch"), ("seal", "new-chain")):
                operate(shop, *words, "--reason", "the log was restored")
            for number in range(LOST_ORDERS):
                paid_order(house, performance, ben, first=4 + 2 * number)
            shop.caught_up()
            assert await shows_the_log(shop)
            assert len(orders_of(shop, ben)) == LOST_ORDERS + 1
            shown = seat_map(shop.api, performance)
            until(lambda: seat_map(second, performance) == shown, "both processes to show the same")
        operate(shop, "audit", "verify")
