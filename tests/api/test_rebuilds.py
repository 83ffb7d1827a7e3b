"""Versions of read models over HTTP: requests by admins, work by projectors, and progress."""

import httpx
import orjson
import pytest

from api.http.projection_status_stream import HEARTBEAT, ProjectionStatusStream
from domain.values import Role
from eventstore.postgres.roles import PROJECTOR_ROLE, role_url
from projections.engine import checkpoints
from projections.registry import EVERY_MODEL
from tests.api.http_scenario import Headers, HttpScenario, Json, done, refused
from tests.databases import role_password
from tests.eventstore.nats.bookings import until_some

NAME = "seat_map"


class Desk:
    """An admin and one read model."""

    def __init__(self, office: HttpScenario, admin: Headers) -> None:
        self.office = office
        self.admin = admin

    async def rebuild(self, body: Json | None = None, *, name: str = NAME, key: str = "") -> httpx.Response:
        """Request a rebuild."""
        sender = {**self.admin, **({"Idempotency-Key": key} if key else {})}
        return await self.office.post(f"/projections/{name}/rebuild", sender, body or {})

    async def roll_back(self) -> httpx.Response:
        """Request a rollback."""
        return await self.office.post(f"/projections/{NAME}/rollback", self.admin)

    async def drop(self) -> httpx.Response:
        """Request that versions are dropped."""
        path = f"/api/v1/projections/{NAME}/versions"
        return await self.office.shop.client.delete(path, headers=self.admin)

    async def shown(self) -> Json:
        """Return its status."""
        items = done(await self.office.get("/projections", self.admin))["items"]
        found: Json = next(item for item in items if item["name"] == NAME)
        return found

    async def schema_is(self, schema: str, *, retired: str | None) -> None:
        """Wait until a version is live, and another one is kept."""

        async def ask() -> bool:
            live = await self.office.shop.engine.positions.states()
            return any(state.schema == schema for state in live) and (await self.shown())["retired"] == retired

        await until_some(ask, f"{schema} to be live")


@pytest.fixture
async def desk(office: HttpScenario) -> Desk:
    """An admin."""
    return Desk(office, await office.somebody(Role.ADMIN))


@pytest.fixture
async def closed(desk: Desk, shop_database: str) -> Desk:
    """An admin and read models without projectors."""
    url = role_url(shop_database, PROJECTOR_ROLE, role_password(PROJECTOR_ROLE))
    connection = await checkpoints.open_connection(url, name="test")
    for model in EVERY_MODEL:
        await checkpoints.register(connection, model)
    await connection.close()
    return desk


class TestAsk:
    @pytest.mark.usefixtures("folded")
    async def test_a_rebuild_a_rollback_and_a_drop_are_done_by_whoever_folds(self, desk: Desk) -> None:
        await until_some(desk.office.shop.engine.positions.all, "the read models")
        asked = await desk.rebuild()
        assert (asked.status_code, asked.json()["watch"]) == (202, "/api/v1/projections/live")
        await desk.schema_is("seat_map_v1_1", retired="seat_map_v1_0")
        assert (await desk.roll_back()).status_code == 202
        await desk.schema_is("seat_map_v1_0", retired="seat_map_v1_1")
        assert (await desk.drop()).status_code == 202
        await desk.schema_is("seat_map_v1_0", retired=None)
        stream = await desk.office.shop.engine.store.read_stream(f"projection-{NAME}")
        assert [event.name for event in stream] == ["RebuildRequested", "RollbackRequested", "VersionsDropRequested"]
        assert {orjson.loads(event.metadata)["actor"]["role"] for event in stream} == {"admin"}

    async def test_given_the_same_key_then_it_is_asked_once(self, closed: Desk) -> None:
        first = await closed.rebuild(key="once")
        again = await closed.rebuild(key="once")
        assert (again.content, again.headers["Idempotency-Replayed"]) == (first.content, "true")
        assert refused(await closed.rebuild({"swap_anyway": True}, key="once")) == (422, "idempotency_key_reused")

    async def test_given_somebody_asked_already_then_409(self, closed: Desk) -> None:
        done(await closed.rebuild())
        head = await closed.office.head()
        assert refused(await closed.rebuild()) == (409, "rebuild_under_way")
        assert refused(await closed.drop()) == (409, "rebuild_under_way")
        assert await closed.office.head() == head

    async def test_given_nothing_to_go_back_to_then_409(self, closed: Desk) -> None:
        assert refused(await closed.roll_back()) == (409, "no_retired_version")

    async def test_given_one_performance_then_only_where_it_has_rows_of_its_own(self, closed: Desk) -> None:
        command = {"performance_id": closed.office.performance_id}
        assert refused(await closed.rebuild(command, name="sales")) == (409, "not_in_parts")
        done(await closed.rebuild(command))

    async def test_given_no_such_read_model_then_404(self, closed: Desk) -> None:
        assert refused(await closed.rebuild(name="weather")) == (404, "not_found")

    async def test_given_anybody_else_then_403(self, office: HttpScenario) -> None:
        for sender in (await office.somebody(), await office.somebody(Role.AUDITOR), office.organizer):
            assert refused(await office.post(f"/projections/{NAME}/rebuild", sender, {})) == (403, "forbidden")
            assert refused(await office.get("/projections/live", sender)) == (403, "forbidden")


class TestBoard:
    async def test_what_changes_is_told_until_the_end(self, closed: Desk) -> None:
        services = closed.office.shop.engine
        board = ProjectionStatusStream(positions=services.positions, store=services.store)
        messages = board.watch()
        assert await anext(messages) == HEARTBEAT
        first = told(await anext(messages))
        assert [item["name"] for item in first["items"]] == sorted(model.name for model in EVERY_MODEL)
        await closed.office.somebody()
        assert told(await anext(messages))["position"] > first["position"]
        board.end()
        assert [message async for message in messages] == []
        assert board.watchers == 0
        await board.close()


def told(message: bytes) -> Json:
    """Return the content of a message."""
    lines = message.decode().splitlines()
    assert lines[0] == "event: projections"
    found: Json = orjson.loads(lines[2].removeprefix("data: "))
    assert lines[1] == f"id: {found['position']}"
    return found
