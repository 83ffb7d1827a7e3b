"""The log over HTTP: order, filters, pages."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.values import Role
from tests.api.http_scenario import Headers, HttpScenario, done, refused

NOBODY = "019f0000-0000-7000-8000-00000000000a"


@pytest.fixture
async def auditor(office: HttpScenario) -> Headers:
    """Headers of an auditor."""
    return await office.somebody(Role.AUDITOR)


async def positions(office: HttpScenario, auditor: Headers, **asked: Any) -> list[int]:
    """Return the positions of all pages."""
    found: list[int] = []
    cursor = "before" if asked.get("newest_first") else "after"
    while True:
        page = done(await office.get("/audit/log", auditor, **asked))
        found += [event["position"] for event in page["items"]]
        if page["next"] is None:
            return found
        asked[cursor] = page["next"]


class TestLog:
    async def test_given_no_filter_then_the_whole_log_page_by_page_in_either_direction(
        self, office: HttpScenario, auditor: Headers
    ) -> None:
        head = await office.head()
        assert await positions(office, auditor, limit=3) == list(range(1, head + 1))
        assert await positions(office, auditor, limit=3, newest_first=True) == list(range(head, 0, -1))
        assert await positions(office, auditor, limit=3, newest_first=True, before=5, after=1) == [4, 3, 2]

    async def test_given_filters_then_what_all_of_them_admit(self, office: HttpScenario, auditor: Headers) -> None:
        buyer = await office.somebody()
        begins = await office.head()
        other = await office.performance()
        done(await office.hold(buyer, office.seats[0]))
        account = (await office.shop.client.get("/api/v1/me", headers=buyer)).json()["account_id"]
        first = begins + 2
        assert await positions(office, auditor, actor=account, name="SeatHeld") == [first]
        assert await positions(office, auditor, actor=account, name=["SeatHeld", "SeatSold"], limit=1) == [first]
        assert await positions(office, auditor, prefix="seat-") == [first]
        assert await positions(office, auditor, performance_id=other) == [begins + 1]
        assert await positions(office, auditor, performance_id=office.performance_id, after=begins) == [
            first,
            first + 1,
            first + 2,
        ]
        assert begins + 1 in await positions(office, auditor, organizer_id=office.organizer_id)
        assert await positions(office, auditor, stream=f"seat-{office.performance_id}-{office.seats[0]}") == [first]
        assert await positions(office, auditor, prefix="seat-", name="SeatSold") == []

    async def test_given_times_then_what_was_recorded_between(self, office: HttpScenario, auditor: Headers) -> None:
        log = await office.shop.engine.store.read_range(after=0, limit=1000)
        since, until = log[3].recorded_at, log[5].recorded_at
        between = [event.position for event in log if since <= event.recorded_at <= until]
        asked = {"from": since.isoformat(), "to": until.isoformat()}
        assert await positions(office, auditor, **asked) == between
        future = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        assert await positions(office, auditor, **{"from": future}) == []

    async def test_given_nonsense_then_422(self, office: HttpScenario, auditor: Headers) -> None:
        for nonsense in ({"from": "yesterday"}, {"from": "2027-01-01T00:00:00"}, {"after": -1}, {"stream": "x" * 201}):
            assert refused(await office.get("/audit/log", auditor, **nonsense)) == (422, "malformed")

    async def test_given_anybody_else_then_403(self, office: HttpScenario) -> None:
        for sender in (await office.somebody(), await office.somebody(Role.SUPPORT), office.organizer):
            assert refused(await office.get("/audit/log", sender)) == (403, "forbidden")


class TestWhatCannotBeThere:
    @pytest.mark.parametrize(
        ("asked", "status", "words"),
        [
            ({"name": "SeatHold"}, 422, "Did you mean SeatSold or SeatHeld"),
            ({"name": ["SeatHeld", "Nonsense"]}, 422, "No event is called Nonsense."),
            ({"prefix": "seats-"}, 422, "No stream's name begins with seats-"),
            ({"stream": "seat-nowhere"}, 404, "There is no stream seat-nowhere."),
            ({"actor": "nobody"}, 404, "No event has the actor nobody"),
            ({"performance_id": NOBODY}, 404, f"There is no performance {NOBODY}."),
            ({"organizer_id": NOBODY}, 404, f"There is no organizer {NOBODY}."),
        ],
    )
    async def test_given_a_misspelt_word_then_it_is_refused_and_never_found_empty(
        self, office: HttpScenario, auditor: Headers, asked: dict[str, Any], status: int, words: str
    ) -> None:
        answer = await office.get("/audit/log", auditor, **asked)
        assert answer.status_code == status
        assert words in answer.json()["detail"]

    @pytest.mark.parametrize("asked", [{"actor": "guest"}, {"prefix": "se"}, {"prefix": "seat-x"}])
    async def test_given_what_may_be_there_then_an_empty_answer_is_one(
        self, office: HttpScenario, auditor: Headers, asked: dict[str, Any]
    ) -> None:
        assert done(await office.get("/audit/log", auditor, **asked))["next"] is None

    async def test_given_an_account_that_has_done_nothing_then_an_empty_answer_is_one(
        self, office: HttpScenario, auditor: Headers
    ) -> None:
        account = await office.shop.account()
        assert await positions(office, auditor, actor=account) == []

    async def test_given_a_misspelt_word_then_nothing_is_exported(self, office: HttpScenario, auditor: Headers) -> None:
        assert (await office.get("/audit/export", auditor, name="SeatHold")).status_code == 422
        assert (await office.get("/audit/export", auditor, stream="seat-nowhere")).status_code == 404
