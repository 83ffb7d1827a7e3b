"""Other rows below a watched seat map (swapped, rebuilt, or of a restored log): no client keeps the old ones."""

import psycopg
import pytest

from api.live import feed
from domain.values import Role
from eventstore.nats.epoch import Epochs
from eventstore.postgres import PostgresStore
from eventstore.postgres.roles import PROJECTOR_ROLE
from projections.rebuild.commands import rebuild
from projections.registry import reader_for
from projections.seat_map.fold import SEAT_MAP
from runtime.database import url_of_role
from tests.api.http_scenario import HttpScenario, done, refused
from tests.api.live.client import Client, Json, watching
from tests.api.shop import V1, settings_for

pytestmark = pytest.mark.usefixtures("folded")

PHANTOM = "UPDATE {schema}.seat SET state = 'sold' WHERE seat = %(seat)s"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check the read model's edition often."""
    monkeypatch.setattr(feed, "EDITION_SECONDS", 0.05)


async def states(office: HttpScenario) -> Json:
    """Return the seats that are not free."""
    found: Json = done(await office.get(f"/performances/{office.performance_id}/seats"))["states"]
    return found


async def next_reset(client: Client) -> Json:
    """Wait for the message that requires fetching the document."""
    while (message := await client.next())["event"] != "reset":
        pass
    return message


async def falsify(url: str, seat: str) -> None:
    """Change a held seat's row to sold, as a defect would."""
    async with await psycopg.AsyncConnection.connect(url) as owner:
        found = await owner.execute("SELECT schema FROM projections.projection WHERE name = 'seat_map'")
        row = await found.fetchone()
        assert row is not None
        await owner.execute(PHANTOM.format(schema=row[0]).encode(), {"seat": seat})


async def test_given_a_swap_of_other_rows_then_who_watches_fetches_them(
    office: HttpScenario, shop_database: str
) -> None:
    seat, path = office.seats[0], f"{V1}/performances/{office.performance_id}/live"
    done(await office.hold(await office.somebody(), seat))
    done(await office.get(f"/performances/{office.performance_id}", min_position=await office.head()))
    await falsify(shop_database, seat)
    assert (await states(office))["sold"] == [seat]
    async with watching(office.shop.app, path) as client:
        greeted = await client.chunk()
        url = url_of_role(settings_for(shop_database), PROJECTOR_ROLE)
        async with PostgresStore(url) as store:
            await rebuild(url=url, store=store, model=SEAT_MAP, reader=reader_for([SEAT_MAP]), swap_anyway=True)
        await next_reset(client)
        await client.ended.wait()
    assert await states(office) == {"held": [seat], "sold": [], "blocked": []}
    known = greeted.split(b"id: ")[1].split(b"\n")[0].decode()
    async with watching(office.shop.app, path, last_event_id=known) as client:
        assert (await next_reset(client))["position"] == await office.head()
        done(await office.hold(await office.somebody(), office.seats[1]))
        again = await client.next()
        assert again["states"] == {office.seats[1]: "held"}
    async with watching(office.shop.app, path, last_event_id=again["id"]) as client:
        done(await office.hold(await office.somebody(), office.seats[2]))
        assert (await client.next())["states"] == {office.seats[2]: "held"}


async def test_given_a_new_epoch_then_who_watches_begins_anew(office: HttpScenario, shop_database: str) -> None:
    path = f"{V1}/performances/{office.performance_id}/live"
    epochs = Epochs(url_of_role(settings_for(shop_database), PROJECTOR_ROLE))
    await epochs.current_or_first()
    async with watching(office.shop.app, path) as client:
        await client.chunk()
        await epochs.begin("the log was restored")
        await next_reset(client)
        await client.ended.wait()
    await epochs.close()


async def test_given_rows_of_a_lost_future_then_no_map_is_made_of_them(
    office: HttpScenario, shop_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = "UPDATE projections.projection SET digest = 'lost', state = 'paused' WHERE name = 'seat_map'"

    async def nobody_heals(*_: object) -> list[str]:
        return []

    monkeypatch.setattr("projections.engine.runner.ProjectionRunner._diverged", nobody_heals)
    done(await office.get("/projections", await office.somebody(Role.ADMIN), min_position=await office.head()))
    async with await psycopg.AsyncConnection.connect(shop_database) as owner:
        await owner.execute(lost)
    answer = await office.get(f"/performances/{office.performance_id}/seats")
    assert refused(answer) == (503, "behind")
