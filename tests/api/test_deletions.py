"""Deletion of performances without bookings and venues without events; all others are refused."""

import httpx
import pytest

from tests.api.http_scenario import VENUE, HttpScenario, done, refused
from tests.api.shop import V1


async def delete(office: HttpScenario, path: str, sender: dict[str, str] | None = None) -> httpx.Response:
    """Delete a resource, as the organizer by default."""
    return await office.shop.client.delete(V1 + path, headers=sender or office.organizer)


@pytest.mark.usefixtures("folded")
class TestDeletePerformance:
    async def test_given_nothing_was_booked_then_it_is_gone_and_the_others_stay(self, office: HttpScenario) -> None:
        performance = await office.performance()
        once = {**office.organizer, "Idempotency-Key": performance}
        gone = done(await delete(office, f"/performances/{performance}", once))
        assert gone["status"] == "archived"
        assert done(await delete(office, f"/performances/{performance}", once)) == gone
        assert refused(await delete(office, f"/performances/{performance}")) == (404, "not_found")
        for path in ("", "/seats", "/layout"):
            assert refused(await office.get(f"/performances/{performance}{path}")) == (404, "not_found")
        shown = done(await office.get(f"/events/{office.event_id}", min_position=gone["position"]))
        assert [row["performance_id"] for row in shown["performances"]] == [office.performance_id]
        body = {"items": [{"seat": office.seats[0]}]}
        held = await office.post(f"/performances/{performance}/holds", await office.somebody(), body)
        assert refused(held) == (404, "not_found")

    async def test_given_a_hold_that_ended_then_it_stays_and_nothing_is_recorded(self, office: HttpScenario) -> None:
        buyer = await office.somebody()
        held = done(await office.hold(buyer, office.seats[0]))
        done(await delete(office, f"/holds/{held['hold_id']}", buyer))
        head = await office.head()
        assert refused(await delete(office, f"/performances/{office.performance_id}")) == (409, "has_bookings")
        assert await office.head() == head
        done(await office.hold(buyer, office.seats[0]))

    async def test_given_a_stranger_then_403(self, office: HttpScenario) -> None:
        stranger = await office.somebody()
        assert refused(await delete(office, f"/performances/{office.performance_id}", stranger))[0] == 403


@pytest.mark.usefixtures("folded")
class TestDeleteVenue:
    async def test_given_no_event_then_it_is_gone(self, office: HttpScenario) -> None:
        body = {**VENUE, "organizer_id": office.organizer_id, "city": "Narvik"}
        venue = done(await office.post("/venues", office.organizer, body))["venue_id"]
        gone = done(await delete(office, f"/venues/{venue}"))
        listed = done(await office.get("/venues", city="narvik", min_position=gone["position"]))
        assert listed["items"] == []
        assert refused(await office.get(f"/venues/{venue}")) == (404, "not_found")
        event = {"organizer_id": office.organizer_id, "venue_id": venue, "title": "Late"}
        assert refused(await office.post("/events", office.organizer, event)) == (404, "not_found")

    async def test_given_an_event_then_it_stays(self, office: HttpScenario) -> None:
        await office.get("/events", min_position=await office.head())
        head = await office.head()
        assert refused(await delete(office, f"/venues/{office.venue_id}")) == (409, "has_events")
        assert await office.head() == head
