"""The exceptions: given events, then the rows with subject and resolution."""

from typing import Any

import pytest

from domain.decisions.refunds.four_eyes import FourEyesLimits
from domain.decisions.resolving_exceptions import ResolveException
from domain.money_exception import Resolution, ResolutionReason
from domain.ports.payment_gateway import LedgerEntry, LedgerEntryKind
from projections.engine.queries import ReadModelQueries
from projections.exceptions.queries import ListedException, list_exceptions
from tests.projections.manual_projector import ManualProjector
from tests.support.engine import START
from tests.support.shop_scenario import ShopScenario

WHY = ResolutionReason.NOT_OURS


def entry_of(number: int, **different: Any) -> LedgerEntry:
    """Return a ledger entry with an unknown payment."""
    fields: dict[str, Any] = {"amount": 4500, "currency": "EUR", "recorded_at": START, "checkout_id": "co_1"}
    return LedgerEntry(entry=number, kind=LedgerEntryKind.CAPTURE, reference="x", **{**fields, **different})


async def only(models: ReadModelQueries) -> ListedException:
    (found,) = await list_exceptions(models)
    return found


class TestExceptions:
    @pytest.mark.parametrize("batches", [1, 2])
    async def test_opened_proposed_and_closed(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries, batches: int
    ) -> None:
        await shop_scenario.compare(entry_of(7))
        if batches == 2:
            await manual_projector.fold(shop_scenario.store)
            found = await only(models)
            assert (found.kind, found.status, found.amount, found.refundable, found.entry, found.owner) == (
                "unknown_capture",
                "open",
                4500,
                4500,
                7,
                "support",
            )
        exception = await self.only_id(shop_scenario)
        for by in ("sue", "tom"):
            await shop_scenario.resolve(self.write_off(exception, by, FourEyesLimits(amount_max=1)))
        await manual_projector.fold(shop_scenario.store)
        closed = await only(models)
        assert (closed.status, closed.resolution, closed.reason, closed.closed_by, closed.proposed_by) == (
            "closed",
            "write_off",
            "not_ours",
            "tom",
            "sue",
        )
        assert closed.closed_at is not None

    @pytest.mark.parametrize("one_batch", [True, False])
    async def test_closed_for_a_retry_and_opened_again(
        self,
        shop_scenario: ShopScenario,
        manual_projector: ManualProjector,
        models: ReadModelQueries,
        *,
        one_batch: bool,
    ) -> None:
        unreadable = entry_of(1, amount=-1)
        await shop_scenario.compare(unreadable)
        exception = await self.only_id(shop_scenario)
        retry = ResolveException(exception=exception, resolution=Resolution.RETRY, reason=WHY, by="sue")
        await shop_scenario.resolve(retry)
        if not one_batch:
            await manual_projector.fold(shop_scenario.store)
            assert (await only(models)).status == "closed"
        await shop_scenario.compare(unreadable)
        await manual_projector.fold(shop_scenario.store)
        again = await only(models)
        assert (again.status, again.resolution, again.reason, again.closed_by, again.closed_at) == (
            "open",
            None,
            None,
            None,
            None,
        )

    async def test_by_status_and_kind_page_by_page(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        for number in (1, 2, 3):
            await shop_scenario.compare(entry_of(number))
        await shop_scenario.compare(entry_of(4, amount=0))
        await manual_projector.fold(shop_scenario.store)
        first = await list_exceptions(models, limit=2)
        rest = await list_exceptions(models, after=first[-1].position)
        assert [each.entry for each in (*first, *rest)] == [1, 2, 3, 4]
        assert [each.entry for each in await list_exceptions(models, kind="unreadable_entry")] == [4]
        assert await list_exceptions(models, status="closed") == []

    def write_off(self, exception: str, by: str, limits: FourEyesLimits) -> ResolveException:
        """Return the command that writes an exception off."""
        return ResolveException(exception=exception, resolution=Resolution.WRITE_OFF, reason=WHY, by=by, limits=limits)

    async def only_id(self, shop_scenario: ShopScenario) -> str:
        """Return the id of the only exception in the log."""
        log = await shop_scenario.store.read_range(after=0, limit=1_000)
        (stream,) = {event.stream for event in log if event.stream.startswith("exception-")}
        return stream.removeprefix("exception-")
