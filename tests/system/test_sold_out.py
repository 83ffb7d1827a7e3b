"""A real chart of 8,897 seats is imported and sold out by 200 people at once; then the log is audited."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence

import orjson
import pytest

from domain.payment import PaymentCaptured
from domain.ports.payment_gateway import LedgerEntryKind
from domain.seat import SeatSold
from eventstore.store import RecordedEvent
from runtime.connections import open_gateways
from tests.system.buying import SharedSeatMap, sell_out
from tests.system.log import DecodedEvent, audit, decoded, read_log
from tests.system.read_models import rows_of
from tests.system.reference_fold import Row, fold_reference
from tests.system.shop import CHECKOUT, Shop
from tests.system.venue import VenueFixture, build, organizer_of
from tests.system.wire import Wire

CHART = CHECKOUT.parent / "shared" / "data" / "layouts" / "racetrack-8897.seatsio.json"
CATEGORIES = ("Goal Stands", "Mid Track Stand")
SEATS = 8_897
BUYERS = 200
SETTLED_WITHIN_S = 240.0
BOOKS_PAGE = 100
ROWS_SHOWN_MAX = 3


@pytest.fixture(scope="module")
def race_track(shop: Shop) -> VenueFixture:
    """The chart, imported by an organizer."""
    if not CHART.parent.is_dir():
        pytest.skip("the charts are kept beside the checkout, and are not there")
    token = shop.token("organizer")
    document = orjson.loads(CHART.read_bytes())
    return build(shop, token, organizer_of(shop, token), document=document, format_="seatsio")


class TestSoldOut:
    async def test_by_200_buyers_every_seat_is_sold_once_and_every_promise_is_kept(
        self, shop: Shop, race_track: VenueFixture
    ) -> None:
        assert race_track.seat_count == SEATS
        performance = race_track.on_sale(categories=CATEGORIES)
        shared_seat_map = SharedSeatMap(performance, frozenset(race_track.seats(performance)))
        assert len(shared_seat_map.seats) == SEATS
        tokens, sandbox = shop.buyers(BUYERS), shop.gateway()
        began = time.monotonic()
        buyers = await sell_out(shop.api, sandbox, shared_seat_map, tokens)
        await all_sold(shop, performance)
        took = time.monotonic() - began
        answers = sum((buyer.answers for buyer in buyers), Counter[str]())
        print(f"\n{SEATS} seats to {BUYERS} buyers in {took:.1f} s; answers: {dict(answers)}")  # noqa: T201
        assert answers["409 seats_taken"] > 0, "nobody ever wanted the same seat"
        log, shown = await at_rest(shop)
        assert sold(decoded(log), performance) == Counter(shared_seat_map.seats)
        refused = {command for buyer in buyers for command in buyer.refused}
        assert len(refused) == answers["409 seats_taken"]
        assert {command for buyer in buyers for command in buyer.accepted} <= {event.command_id for event in log}
        ledger, broken = audit(log, refused)
        assert broken == []
        assert ledger.undecided() == []
        assert captured(decoded(log)) == await booked(shop)
        assert_same(shown, fold_reference(decoded(log)).rows())


async def at_rest(shop: Shop) -> tuple[list[RecordedEvent], dict[str, set[Row]]]:
    """Return the log and the read models' rows, read while nothing happened in between."""
    async with asyncio.timeout(SETTLED_WITHIN_S):
        while True:
            await asyncio.to_thread(shop.caught_up)
            log, shown = await read_log(shop), await rows_of(shop)
            if shop.ready()["head"] == len(log):
                return log, shown


async def all_sold(shop: Shop, performance: str) -> None:
    """Wait until every payment was decided."""
    async with asyncio.timeout(SETTLED_WITHIN_S), Wire(shop.api) as screen:
        while True:
            shown = await screen.get(f"/performances/{performance}/seats")
            if len(shown.body["states"]["sold"]) == SEATS:
                return
            await asyncio.sleep(0.2)


def sold(log: Sequence[DecodedEvent], performance: str) -> Counter[str]:
    """Count how often each seat of a performance was sold."""
    return Counter(
        decoded_event.key.removeprefix(f"{performance}-")
        for decoded_event in log
        if isinstance(decoded_event.event, SeatSold) and decoded_event.key.startswith(performance)
    )


def captured(log: Sequence[DecodedEvent]) -> dict[str, int]:
    """Return what was captured, by payment."""
    return {
        decoded_event.key: decoded_event.event.amount
        for decoded_event in log
        if isinstance(decoded_event.event, PaymentCaptured)
    }


async def booked(shop: Shop) -> dict[str, int]:
    """Return what the gateway's books show as captured, by our reference; twice for one is a failure."""
    found: dict[str, int] = {}
    async with open_gateways(shop.settings) as gateways:
        after: int | None = 0
        while after is not None:
            page = await gateways["sandbox"].list_ledger(after=after, limit=BOOKS_PAGE)
            for entry in page.entries:
                if entry.kind is LedgerEntryKind.CAPTURE:
                    assert entry.reference not in found, "money was taken twice"
                    found[entry.reference] = entry.amount
            after = page.next_cursor
    return found


def assert_same(shown: dict[str, set[Row]], decoded_event: dict[str, set[Row]]) -> None:
    """Compare read models with the log, and show few rows where they differ."""
    assert all(decoded_event[table] for table in ("seat", "orders", "payment", "ticket", "sale"))
    differences = {
        table: {
            "missing": sorted(rows - shown[table], key=str)[:ROWS_SHOWN_MAX],
            "invented": sorted(shown[table] - rows, key=str)[:ROWS_SHOWN_MAX],
        }
        for table, rows in decoded_event.items()
        if rows != shown[table]
    }
    assert differences == {}
