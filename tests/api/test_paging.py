"""Pages of lists: the last one has no cursor, and a cursor is safe in a URL."""

import re
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from api.http.pagination import cursor_of, placed_page, split_page, values_in
from application.errors import Malformed
from tests.api.http_scenario import HttpScenario, done, folding, open_box_office, refused
from tests.api.payments import PaymentFixture

UNRESERVED = re.compile(r"[A-Za-z0-9_.~-]+")


@dataclass(frozen=True, slots=True)
class Row:
    position: int


class TestPage:
    def test_one_row_more_than_it_holds_leads_on_from_its_last(self) -> None:
        rows = [Row(1), Row(2), Row(3)]
        assert placed_page(rows, 2) == (rows[:2], "2")

    @pytest.mark.parametrize("limit", [3, 4])
    def test_without_another_row_it_is_the_last(self, limit: int) -> None:
        rows = [Row(1), Row(2), Row(3)]
        assert split_page(rows, limit) == (rows, None)


class TestCursor:
    @given(some.lists(some.none() | some.text(), min_size=1, max_size=6))
    def test_it_is_read_as_it_was_written_and_needs_no_encoding(self, values: list[str | None]) -> None:
        written = [value if value is None else value.encode(errors="ignore").decode() for value in values]
        cursor = cursor_of(*written)
        assert UNRESERVED.fullmatch(cursor)
        assert values_in(cursor, len(written)) == written

    @pytest.mark.parametrize("cursor", ["", "x", "💶", cursor_of("a"), cursor_of("a", "b", "c"), "W10", "WzEsMl0"])
    def test_a_stranger_is_refused(self, cursor: str) -> None:
        with pytest.raises(Malformed):
            values_in(cursor, 2)


class TestLists:
    @pytest.mark.usefixtures("folded")
    async def test_given_exactly_one_page_then_no_cursor_to_an_empty_one(self, office: HttpScenario) -> None:
        ann = await office.somebody()
        for seat in office.seats[:2]:
            done(await office.hold(ann, seat))
        head = await office.head()
        whole = done(await office.get("/holds", ann, min_position=head, limit=2))
        assert (len(whole["items"]), whole["next"]) == (2, None)
        first = done(await office.get("/holds", ann, limit=1))
        last = done(await office.get("/holds", ann, limit=1, cursor=first["next"]))
        assert (last["items"], last["next"]) == ([whole["items"][1]], None)

    async def test_given_a_report_in_pages_then_its_totals_are_those_of_all(
        self, payment_fixture: PaymentFixture, shop_database: str
    ) -> None:
        office = await open_box_office(payment_fixture.shop)
        await payment_fixture.confirmed_order(office, await office.somebody(), *office.seats[:2])
        again = replace(office, performance_id=await office.performance())
        await payment_fixture.confirmed_order(again, await office.somebody(), office.seats[0])
        async with folding(payment_fixture.shop, shop_database):
            whole = done(await office.get("/reports/sales", office.organizer, min_position=await office.head()))
            pages: list[Any] = []
            cursor: dict[str, str] = {}
            while True:
                page = done(await office.get("/reports/sales", office.organizer, limit=1, **cursor))
                assert page["totals"] == whole["totals"]
                pages.append(page["items"])
                if page["next"] is None:
                    break
                cursor = {"cursor": page["next"]}
            foreign = await office.get("/reports/sales", office.organizer, cursor=cursor_of("a", "b"))
        assert whole["totals"][0]["sold"] == 3
        assert pages == [[item] for item in whole["items"]]
        assert refused(foreign) == (422, "malformed")
