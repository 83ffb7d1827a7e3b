"""A report as of a position equals the report stored at that position, regardless of later sales."""

from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from random import Random

import pytest

from audit import sales_report as under_test
from audit.account_report import account_report
from audit.as_of import as_of
from audit.sales_report import sales_as_of
from audit.streams import HistoricalStreams
from domain.operations.exclusions import Exclusions
from eventstore.postgres import PostgresStore
from eventstore.store import RecordedEvent
from projections.engine.queries import ReadModelQueries
from projections.sales.queries import Sales, SalesFilter, report_sales
from tests.audit.logs import put
from tests.projections.manual_projector import ManualProjector
from tests.projections.random_history import BUYERS
from tests.support.engine import CODEC
from tests.system.log import decoded
from tests.system.reference_fold import fold_reference

EVERYTHING = SalesFilter()
NOTHING = Exclusions()
REPORTS = 30

Stored = list[tuple[int, Sales]]


@pytest.fixture
async def store(owner_url: str, app_url: str, log: Sequence[RecordedEvent]) -> AsyncIterator[PostgresStore]:
    """A history of some days, in the database of the read models."""
    put(owner_url, log)
    async with PostgresStore(app_url) as store:
        yield store


@pytest.fixture
async def stored(log: Sequence[RecordedEvent], manual_projector: ManualProjector, models: ReadModelQueries) -> Stored:
    """Reports stored at several positions, with read models at the end of the log."""
    ends = [event.position for event in log if event.part == event.parts]
    found: Stored = []
    for after, until in pairwise([0, *sorted(Random(3).sample(ends[:-1], REPORTS)), ends[-1]]):
        await manual_projector.fold_events(log[after:until])
        found.append((until, await report_sales(models, EVERYTHING)))
    return found


async def differing(store: PostgresStore, models: ReadModelQueries, stored: Stored) -> list[int]:
    """Return the positions at which the report differs from the stored one."""
    found = []
    for position, report in stored:
        then = await as_of(store, position=position)
        if await sales_as_of(store, models, EVERYTHING, then, NOTHING) != report:
            found.append(position)
    return found


async def test_every_report_equals_the_stored_one(
    store: PostgresStore, models: ReadModelQueries, stored: Stored, log: Sequence[RecordedEvent]
) -> None:
    assert len({event.recorded_at.date() for event in log}) > 2
    assert sum(sale.returned for sale in stored[-1][1].sales) > 0
    assert sum(sale.refunded for sale in stored[-1][1].sales) > 0
    assert await differing(store, models, stored) == []


async def test_a_day_that_is_not_counted_again_is_detected(
    store: PostgresStore, models: ReadModelQueries, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object) -> list[RecordedEvent]:
        return []

    monkeypatch.setattr(under_test, "counted_events", nothing)
    assert await differing(store, models, stored) != []


async def test_a_filter_has_the_same_effect_on_past_and_present(
    store: PostgresStore, models: ReadModelQueries, stored: Stored
) -> None:
    position, report = stored[-2]
    then = await as_of(store, position=position)
    sale = report.sales[-1]
    narrow = SalesFilter(organizers=[sale.organizer], performance=sale.performance, since=sale.day, until=sale.day)
    found = await sales_as_of(store, models, narrow, then, NOTHING)
    assert found.sales == [
        each
        for each in report.sales
        if (each.organizer, each.performance, each.day) == (sale.organizer, sale.performance, sale.day)
    ]


async def test_exclusions_also_apply_to_the_past(
    store: PostgresStore, models: ReadModelQueries, stored: Stored, log: Sequence[RecordedEvent]
) -> None:
    confirmed = next(event for event in reversed(log) if event.name == "OrderConfirmed")
    then = await as_of(store, position=confirmed.position + confirmed.parts - confirmed.part)
    without = await sales_as_of(store, models, EVERYTHING, then, Exclusions(positions=frozenset({confirmed.position})))
    whole = await sales_as_of(store, models, EVERYTHING, then, NOTHING)
    assert sum(sale.sold for sale in without.sales) < sum(sale.sold for sale in whole.sales)


async def test_before_the_first_event_nothing_was_sold(store: PostgresStore, models: ReadModelQueries) -> None:
    then = await as_of(store, position=0)
    assert (await sales_as_of(store, models, EVERYTHING, then, NOTHING)).sales == []


async def test_purchases_of_all_accounts_add_up_to_the_sales(
    store: PostgresStore, models: ReadModelQueries, stored: Stored, log: Sequence[RecordedEvent]
) -> None:
    told = decoded(log)
    for position, report in stored[:: REPORTS // 3]:
        then = await as_of(store, position=position)
        bought = [
            each
            for buyer in BUYERS
            for each in (
                await account_report(models, HistoricalStreams(store, CODEC), then, account=buyer, organizers=None)
            ).bought
        ]
        for figure in ("sold", "returned", "gross", "returned_gross", "refunded", "disputes_lost"):
            assert sum(getattr(each, figure) for each in bought) == sum(getattr(sale, figure) for sale in report.sales)
        orders = fold_reference(told[:position]).orders.values()
        assert sum(each.orders for each in bought) == len(orders)
        assert sum(each.confirmed for each in bought) == sum(order.status == "confirmed" for order in orders)
