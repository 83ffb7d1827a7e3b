"""Concurrent edits: the second is refused, and the first one's changes are kept."""

import pytest

from tests.api.http_scenario import HttpScenario, Json, done, folding, in_days, refused
from tests.api.shop import V1

CHANGED = (412, "changed_meanwhile")


def path_of(office: HttpScenario, kind: str) -> str:
    """Return the path of the event, performance or venue."""
    ids = {"events": office.event_id, "performances": office.performance_id, "venues": office.venue_id}
    return f"/{kind}/{ids[kind]}"


CHANGES: list[tuple[str, Json, Json]] = [
    ("events", {"title": "King Lear"}, {"title": "Macbeth"}),
    ("venues", {"time_zone": "Europe/Berlin"}, {"name": "Opera"}),
    ("performances", {"starts_at": in_days(31)}, {"sales": "paused"}),
]


@pytest.mark.usefixtures("folded")
class TestIfMatch:
    @pytest.mark.parametrize(("kind", "first", "second"), CHANGES, ids=[kind for kind, *_ in CHANGES])
    async def test_given_a_change_in_between_then_the_second_is_refused_until_it_is_read_again(
        self, office: HttpScenario, kind: str, first: Json, second: Json
    ) -> None:
        path = path_of(office, kind)
        read = await office.get(path, office.organizer, min_position=await office.head())
        seen = {"If-Match": done(read) and read.headers["etag"], **office.organizer}
        changed = await office.shop.client.patch(V1 + path, json=first, headers=seen)
        assert done(changed)["position"]
        head = await office.head()
        late = await office.shop.client.patch(V1 + path, json=second, headers=seen)
        assert refused(late) == CHANGED
        assert await office.head() == head
        again = await office.get(path, office.organizer, min_position=head)
        assert again.headers["etag"] == changed.headers["etag"] != read.headers["etag"]
        current = {"If-Match": again.headers["etag"], **office.organizer}
        done(await office.shop.client.patch(V1 + path, json=second, headers=current))

    @pytest.mark.parametrize("if_match", ["*", None])
    async def test_given_no_edition_or_any_then_the_change_is_made(
        self, office: HttpScenario, if_match: str | None
    ) -> None:
        headers = {**office.organizer, **({"If-Match": if_match} if if_match else {})}
        path = path_of(office, "venues")
        done(await office.shop.client.patch(V1 + path, json={"name": f"House {if_match}"}, headers=headers))

    async def test_given_several_editions_then_one_of_them_will_do(self, office: HttpScenario) -> None:
        path = path_of(office, "venues")
        tag = (await office.get(path)).headers["etag"]
        headers = {**office.organizer, "If-Match": f'"other", {tag}'}
        done(await office.shop.client.patch(V1 + path, json={"name": "Pier"}, headers=headers))

    async def test_given_the_same_key_with_another_edition_then_it_is_another_request(
        self, office: HttpScenario
    ) -> None:
        path = path_of(office, "venues")
        tag = (await office.get(path)).headers["etag"]
        sent = {**office.organizer, "If-Match": tag, "Idempotency-Key": tag.strip('"')}
        first = await office.shop.client.patch(V1 + path, json={"name": "Quay"}, headers=sent)
        again = await office.shop.client.patch(V1 + path, json={"name": "Quay"}, headers=sent)
        other = await office.shop.client.patch(V1 + path, json={"name": "Quay"}, headers={**sent, "If-Match": "*"})
        assert done(first) == done(again)
        assert refused(other) == (422, "idempotency_key_reused")


class TestChangeVenue:
    async def test_given_a_wrong_time_zone_then_it_is_corrected_everywhere(
        self, office: HttpScenario, shop_database: str
    ) -> None:
        path = f"{V1}/venues/{office.venue_id}"
        body = {"name": "Théâtre", "city": "Lyon", "country": "FR", "time_zone": "Europe/Paris"}
        changed = done(await office.shop.client.patch(path, json=body, headers=office.organizer))
        assert {name: changed[name] for name in body} == body
        async with folding(office.shop, shop_database):
            listed = done(await office.get("/venues", city="lyon", min_position=changed["position"]))
            assert [venue["venue_id"] for venue in listed["items"]] == [office.venue_id]
            (event,) = done(await office.get("/events", q="theatre tempest"))["items"]
            assert event["venue"]["time_zone"] == "Europe/Paris"
            assert done(await office.get("/events", q="harbour"))["items"] == []

    @pytest.mark.parametrize("body", [{}, {"name": None, "city": None}, {"time_zone": "Mars/Olympus"}, {"id": 1}])
    async def test_given_nothing_or_nonsense_then_422_and_no_trace(self, office: HttpScenario, body: Json) -> None:
        head, path = await office.head(), f"{V1}/venues/{office.venue_id}"
        assert refused(await office.shop.client.patch(path, json=body, headers=office.organizer)) == (422, "malformed")
        assert await office.head() == head

    async def test_given_another_organizer_then_403(self, office: HttpScenario) -> None:
        stranger = await office.somebody()
        path = f"{V1}/venues/{office.venue_id}"
        assert refused(await office.shop.client.patch(path, json={"name": "Mine"}, headers=stranger))[0] == 403
