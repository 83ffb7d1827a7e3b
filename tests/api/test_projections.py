"""Read models over HTTP: status, and the operations of admins."""

import httpx
import orjson
import psycopg
import pytest

from domain.values import Role
from projections.registry import EVERY_MODEL
from tests.api.http_scenario import Headers, HttpScenario, Json, done, refused

NAME = "seat_map"
FAIL = """
UPDATE projections.projection
SET state = 'failed', position = %(position)s - 1, digest = coalesce(
        (SELECT event.digest FROM eventstore.event WHERE event.position = %(position)s - 1), ''
    ),
    failed_position = %(position)s, error = 'ValueError: too much'
WHERE name = 'seat_map'
"""


@pytest.fixture
async def admin(office: HttpScenario) -> Headers:
    """Headers of an admin."""
    return await office.somebody(Role.ADMIN)


class Desk:
    """An admin and one read model without a projector."""

    def __init__(self, office: HttpScenario, admin: Headers, database_url: str) -> None:
        self.office = office
        self._admin = admin
        self._database_url = database_url

    async def post(self, verb: str, body: Json | None = None, *, name: str = NAME, key: str = "") -> httpx.Response:
        """Run an operation on it."""
        sender = {**self._admin, **({"Idempotency-Key": key} if key else {})}
        return await self.office.post(f"/projections/{name}/{verb}", sender, body)

    async def shown(self) -> Json:
        """Return its status."""
        items = done(await self.office.get("/projections", self._admin))["items"]
        return next(item for item in items if item["name"] == NAME)

    async def knows(self, *, position: int, digest: bytes) -> None:
        """Set its position."""
        async with await psycopg.AsyncConnection.connect(self._database_url) as owner:
            known = "UPDATE projections.projection SET position = %s, digest = %s WHERE name = 'seat_map'"
            await owner.execute(known, [position, digest])

    async def fails_at(self, position: int) -> None:
        """Set its failure at an event."""
        async with await psycopg.AsyncConnection.connect(self._database_url) as owner:
            await owner.execute(FAIL, {"position": position})


@pytest.fixture
async def desk(office: HttpScenario, admin: Headers, shop_database: str) -> Desk:
    """An admin and read models that were folded once."""
    async with await psycopg.AsyncConnection.connect(shop_database) as owner:
        for model in EVERY_MODEL:
            await owner.execute(
                "INSERT INTO projections.projection "
                "(name, version, schema, position, digest, fence, state, heartbeat_at) "
                "SELECT %(name)s, 1, %(name)s || '_v1_0', 1, digest, 1, 'running', now() "
                "FROM eventstore.event WHERE position = 1",
                {"name": model.name},
            )
    return Desk(office, admin, shop_database)


class TestList:
    @pytest.mark.usefixtures("folded")
    async def test_given_all_is_well_then_no_lag_and_nothing_left_out(
        self, office: HttpScenario, admin: Headers
    ) -> None:
        listed = done(await office.get("/projections", admin, min_position=await office.head()))["items"]
        assert [item["name"] for item in listed] == sorted(model.name for model in EVERY_MODEL)
        for item in listed:
            assert (item["state"], item["lag"], item["lag_seconds"]) == ("running", 0, 0.0)
            assert (item["failed_event"], item["skipped_positions"], item["parked_streams"]) == (None, [], [])

    async def test_given_it_stands_still_then_how_far_and_how_long(self, desk: Desk) -> None:
        shown = await desk.shown()
        assert shown["lag"] == await desk.office.head() - 1
        assert 0 < shown["lag_seconds"] < 3_600

    async def test_given_its_log_was_restored_since_then_nothing_of_it_counts(self, desk: Desk) -> None:
        await desk.knows(position=1, digest=b"of another history")
        shown, head = await desk.shown(), await desk.office.head()
        assert (shown["state"], shown["lag"]) == ("diverged", head)
        await desk.knows(position=head + 1, digest=b"of a lost future")
        ready = (await desk.office.shop.client.get("/readyz")).json()
        assert (ready["projections"][NAME], ready["lag"][NAME]) == ("diverged", head)

    async def test_given_it_failed_then_the_event(self, desk: Desk) -> None:
        await desk.fails_at(2)
        (event,) = await desk.office.shop.engine.store.read_range(after=1, limit=1)
        shown = await desk.shown()
        assert shown["failed_event"] == {"position": 2, "stream": event.stream, "name": event.name}
        assert (shown["state"], shown["error"]) == ("failed", "ValueError: too much")

    async def test_given_anybody_else_then_403(self, office: HttpScenario) -> None:
        for sender in (await office.somebody(), await office.somebody(Role.AUDITOR), office.organizer):
            assert refused(await office.get("/projections", sender)) == (403, "forbidden")


class TestSwitching:
    async def test_given_it_runs_then_it_can_be_paused_and_resumed(self, desk: Desk) -> None:
        paused = done(await desk.post("pause"))
        assert paused == {"name": NAME, "position": await desk.office.head()}
        assert (await desk.shown())["state"] == "paused"
        done(await desk.post("resume"))
        assert (await desk.shown())["state"] == "running"

    async def test_given_the_same_key_then_it_is_done_once(self, desk: Desk) -> None:
        first = await desk.post("pause", key="once")
        done(await desk.post("resume"))
        again = await desk.post("pause", key="once")
        assert (again.content, again.headers["Idempotency-Replayed"]) == (first.content, "true")
        assert (await desk.shown())["state"] == "running"

    async def test_given_it_does_not_stand_so_then_409(self, desk: Desk) -> None:
        head = await desk.office.head()
        assert refused(await desk.post("retry")) == (409, "not_failed")
        await desk.fails_at(2)
        assert refused(await desk.post("pause")) == (409, "not_running")
        assert refused(await desk.post("resume")) == (409, "not_paused")
        assert (await desk.shown())["state"] == "failed"
        assert await desk.office.head() == head

    async def test_given_it_failed_then_it_can_try_again(self, desk: Desk) -> None:
        await desk.fails_at(2)
        done(await desk.post("retry"))
        shown = await desk.shown()
        assert (shown["state"], shown["error"], shown["failed_event"]) == ("running", None, None)

    async def test_given_no_such_read_model_then_404(self, desk: Desk) -> None:
        assert refused(await desk.post("pause", name="weather")) == (404, "not_found")

    async def test_given_anybody_else_then_403(self, desk: Desk) -> None:
        for sender in (await desk.office.somebody(Role.AUDITOR), desk.office.organizer):
            assert refused(await desk.office.post(f"/projections/{NAME}/pause", sender)) == (403, "forbidden")


class TestSkip:
    async def test_given_it_failed_there_then_it_goes_on_and_the_log_says_who_and_why(self, desk: Desk) -> None:
        await desk.fails_at(2)
        command = {"position": 2, "reason": "defect"}
        skipped = done(await desk.post("skip", command))
        assert (skipped["skipped_position"], skipped["position"]) == (2, await desk.office.head())
        shown = await desk.shown()
        assert (shown["state"], shown["skipped_positions"]) == ("running", [2])
        (event,) = await desk.office.shop.engine.store.read_stream(f"projection-{NAME}")
        assert (event.name, orjson.loads(event.data)["reason"]) == ("EventSkipped", "defect")
        assert orjson.loads(event.metadata)["actor"]["role"] == "admin"

    async def test_given_it_failed_elsewhere_then_409(self, desk: Desk) -> None:
        await desk.fails_at(2)
        assert refused(await desk.post("skip", {"position": 3, "reason": "defect"})) == (409, "not_failed")

    async def test_given_it_is_taken_back_then_a_rebuild_with_it_is_asked_for(self, desk: Desk) -> None:
        await desk.fails_at(2)
        assert refused(await desk.post("unskip", {"position": 2})) == (409, "not_skipped")
        done(await desk.post("skip", {"position": 2, "reason": "defect"}))
        answer = await desk.post("unskip", {"position": 2}, key="once")
        assert (answer.status_code, done(answer)["watch"]) == (202, "/api/v1/projections/live")
        assert (await desk.post("unskip", {"position": 2}, key="once")).json() == answer.json()
        assert (await desk.shown())["skipped_positions"] == []
        assert refused(await desk.post("unskip", {"position": 2})) == (409, "not_skipped")
        assert refused(await desk.post("rebuild", {})) == (409, "rebuild_under_way")

    async def test_given_a_reason_in_own_words_then_422(self, desk: Desk) -> None:
        await desk.fails_at(2)
        assert refused(await desk.post("skip", {"position": 2, "reason": "Ann asked me to"})) == (422, "malformed")


class TestPark:
    async def test_given_a_stream_then_it_is_left_out_until_the_next_rebuild(self, desk: Desk) -> None:
        stream = f"performance-{desk.office.performance_id}"
        done(await desk.post("park", {"stream": stream, "reason": "damaged_rows"}))
        assert (await desk.shown())["parked_streams"] == [stream]
        assert done(await desk.post("unpark", {"stream": stream}))["rebuild_needed"] is True
        assert (await desk.shown())["parked_streams"] == []
        assert refused(await desk.post("unpark", {"stream": stream})) == (409, "not_parked")

    async def test_given_no_such_stream_then_404(self, desk: Desk) -> None:
        assert refused(await desk.post("park", {"stream": "seat-x", "reason": "defect"})) == (404, "not_found")
