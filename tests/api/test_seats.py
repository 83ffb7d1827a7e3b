"""The seat map over HTTP, and blocks."""

import pytest

from domain.values import Role
from tests.api.http_scenario import HttpScenario, Json, done, in_days, refused


@pytest.mark.usefixtures("folded")
class TestShowSeats:
    async def test_given_seats_in_every_state_then_only_those_that_are_not_free(self, office: HttpScenario) -> None:
        buyer = await office.somebody()
        done(await office.hold(buyer, *office.seats[:2]))
        done(await office.hold(buyer, area=office.area, quantity=2))
        blocked = {"seats": [office.seats[5]], "reason": "house"}
        path = f"/performances/{office.performance_id}/seats"
        last = done(await office.post(f"{path}/block", office.organizer, blocked))["position"]
        shown = done(await office.get(path, min_position=last))
        assert shown["states"] == {"held": sorted(office.seats[:2]), "sold": [], "blocked": [office.seats[5]]}
        assert shown["areas"] == [
            {"area": office.area, "capacity": 12, "held": 2, "sold": 0, "blocked": 0, "available": 10}
        ]
        assert shown["position"] >= last

    async def test_given_nothing_changed_then_304_until_something_does(self, office: HttpScenario) -> None:
        path = f"/performances/{office.performance_id}/seats"
        first = await office.get(path, min_position=await office.head())
        known = {"If-None-Match": first.headers["etag"]}
        other = f"/performances/{await office.performance()}/holds"
        done(await office.post(other, await office.somebody(), {"items": [{"seat": office.seats[0]}]}))
        again = await office.get(path, known, min_position=await office.head())
        assert (again.status_code, again.content) == (304, b"")
        done(await office.hold(await office.somebody(), office.seats[0]))
        assert (await office.get(path, known, min_position=await office.head())).status_code == 200

    async def test_given_a_position_that_no_event_has_then_422(self, office: HttpScenario) -> None:
        path = f"/performances/{office.performance_id}/seats"
        answer = await office.get(path, min_position=await office.head() + 1)
        assert refused(answer) == (422, "malformed")


class TestBlockSeats:
    async def test_given_free_seats_then_they_do_not_sell_until_they_are_unblocked(self, office: HttpScenario) -> None:
        path = f"/performances/{office.performance_id}/seats"
        buyer, seats = await office.somebody(), list(office.seats[:2])
        done(await office.post(f"{path}/block", office.organizer, {"seats": seats, "reason": "technical"}))
        assert refused(await office.order(buyer, *seats)) == (409, "seats_taken")
        unblocked = done(await office.post(f"{path}/unblock", office.organizer, {"seats": [*seats, office.seats[3]]}))
        assert unblocked["seats"] == seats
        done(await office.order(buyer, *seats))

    async def test_given_a_reason_then_only_those_blocked_for_it_are_on_sale_again(self, office: HttpScenario) -> None:
        path = f"/performances/{office.performance_id}/seats"
        broken, kept = office.seats[:2]
        done(await office.post(f"{path}/block", office.organizer, {"seats": [broken], "reason": "technical"}))
        done(await office.post(f"{path}/block", office.organizer, {"seats": [kept], "reason": "house"}))
        command = {"seats": [broken, kept], "reason": "technical"}
        assert done(await office.post(f"{path}/unblock", office.organizer, command))["seats"] == [broken]
        assert refused(await office.order(await office.somebody(), kept)) == (409, "seats_taken")

    async def test_given_a_block_is_prolonged_then_the_answer_names_the_seat(self, office: HttpScenario) -> None:
        path = f"/performances/{office.performance_id}/seats/block"
        body = {"seats": list(office.seats[:1]), "reason": "house"}
        done(await office.post(path, office.organizer, {**body, "release_at": in_days(1)}))
        assert done(await office.post(path, office.organizer, body))["seats"] == list(office.seats[:1])
        assert done(await office.post(path, office.organizer, body))["seats"] == []

    async def test_given_one_is_held_then_none_is_blocked(self, office: HttpScenario) -> None:
        done(await office.hold(await office.somebody(), office.seats[0]))
        head = await office.head()
        body = {"seats": list(office.seats[:2]), "reason": "house"}
        answer = await office.post(f"/performances/{office.performance_id}/seats/block", office.organizer, body)
        assert refused(answer) == (409, "seats_taken")
        assert answer.json()["seats"] == [office.seats[0]]
        assert await office.head() == head

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"seats": []}, "too_many_seats"),
            ({"seats": [f"s{number}" for number in range(251)]}, "too_many_seats"),
            ({"seats": ["s1", "s1"]}, "seats_named_twice"),
            ({"release_at": "2020-01-01T00:00:00Z"}, "invalid"),
            ({"seats": ["zz9"]}, "unknown_seats"),
            ({"reason": "because"}, "malformed"),
            ({"seats": ["S 1"]}, "malformed"),
        ],
        ids=lambda value: value if isinstance(value, str) else str(value)[:30],
    )
    async def test_given_an_invalid_request_then_no_trace(self, office: HttpScenario, fields: Json, code: str) -> None:
        body = {"seats": [office.seats[0]], "reason": "house", **fields}
        head = await office.head()
        answer = await office.post(f"/performances/{office.performance_id}/seats/block", office.organizer, body)
        assert refused(answer) == (422, code)
        assert await office.head() == head

    async def test_given_a_stranger_then_403(self, office: HttpScenario) -> None:
        body = {"seats": [office.seats[0]], "reason": "house"}
        for sender in (await office.somebody(), await office.somebody(Role.SUPPORT), office.gate):
            path = f"/performances/{office.performance_id}/seats/block"
            assert refused(await office.post(path, sender, body)) == (403, "forbidden")
