"""Filters by one thing: an unknown or foreign id is 404, not an empty list."""

import pytest

from domain.values import Role
from tests.api.http_scenario import HttpScenario, done, refused
from tests.api.shop import Shop

UNKNOWN = "01935a1c-0000-7000-8000-00000000dead"
ABSENT = (404, "not_found")
FILTERS = [
    ("/events", "venue"),
    ("/orders", "performance"),
    ("/orders", "account"),
    ("/reports/sales", "performance_id"),
    ("/reports/sales", "organizer_id"),
    ("/devices", "organizer_id"),
    ("/audit/log", "performance_id"),
    ("/audit/log", "organizer_id"),
]


@pytest.mark.usefixtures("folded")
class TestFilters:
    async def test_given_an_id_of_nothing_then_whoever_asks_gets_404(self, office: HttpScenario) -> None:
        staff = await office.somebody(Role.ADMIN, Role.AUDITOR, Role.SUPPORT)
        for path, name in FILTERS:
            for sender in (staff, *([] if path.startswith("/audit") else [office.organizer])):
                answer = await office.get(path, sender, **{name: UNKNOWN})
                assert (path, name, refused(answer)) == (path, name, ABSENT)
        assert refused(await office.get(f"/reports/accounts/{UNKNOWN}", office.organizer)) == ABSENT

    async def test_given_somebody_elses_then_it_reads_as_if_it_were_not_there(
        self, shop: Shop, office: HttpScenario
    ) -> None:
        _, rival = await shop.organizer(rival=Role.ORGANIZER)
        sender = shop.bearer(rival["rival"])
        asked = {"performance_id": office.performance_id}
        assert refused(await office.get("/reports/sales", sender, **asked)) == ABSENT
        assert refused(await office.get("/reports/sales", sender, organizer_id=office.organizer_id)) == (
            403,
            "forbidden",
        )
        buyer, other = await office.somebody(), await shop.account()
        assert refused(await office.get("/orders", buyer, account=other)) == ABSENT

    async def test_given_what_is_there_and_the_senders_then_its_list_may_be_empty(
        self, shop: Shop, office: HttpScenario
    ) -> None:
        head, buyer = await office.head(), await shop.account()
        own = shop.bearer(buyer)
        for sender, path, name, key in (
            (own, "/orders", "account", buyer),
            (own, "/orders", "performance", office.performance_id),
            (office.organizer, "/orders", "account", buyer),
            (office.organizer, "/devices", "organizer_id", office.organizer_id),
            (office.organizer, "/reports/sales", "performance_id", office.performance_id),
        ):
            assert done(await office.get(path, sender, **{name: key, "min_position": head}))["items"] == []
        listed = done(await office.get("/events", None, venue=office.venue_id, min_position=head))["items"]
        assert [event["event_id"] for event in listed] == [office.event_id]
