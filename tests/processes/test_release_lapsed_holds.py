"""Given events, then commands: lapsed holds are released."""

from datetime import timedelta
from functools import partial
from uuid import uuid5

import orjson
import pytest

from domain.decisions import holding, ordering, settling
from domain.values import OrderCancelReason
from processes.work import WorkItem
from tests.processes.rule_fixture import OVER, RuleFixture
from tests.support.engine import ScriptedCommand
from tests.support.shop import HOLD_LASTS


class TestReleaseLapsedHolds:
    async def test_given_a_basket_before_its_deadline_then_nothing(self, holds: RuleFixture) -> None:
        await holds.world.do(holds.world.hold("ann", holds.world.seats[:2])[1])
        holds.clock.advance(HOLD_LASTS - timedelta(seconds=1))
        assert await holds.caused() == []
        assert len(holds.work()) == 1

    async def test_given_a_lapsed_basket_then_it_is_cleared_away(self, holds: RuleFixture) -> None:
        await holds.world.do(holds.world.hold("ann", holds.world.seats[:2])[1])
        holds.clock.advance(OVER)
        assert await holds.caused() == ["HoldExpired", "SeatReleased", "SeatReleased", "BuyerQuotaReturned"]
        assert holds.work() == []

    async def test_its_command_is_known_by_its_cause(self, holds: RuleFixture) -> None:
        hold, command = holds.world.hold("ann", holds.world.seats[:1])
        placed = await holds.world.do(command)
        holds.clock.advance(OVER)
        await holds.caused()
        (expired,) = [event for event in await holds.log() if event.name == "HoldExpired"]
        assert expired.command_id == uuid5(command.command_id, f"release_lapsed_holds/{hold}/expire")
        assert placed.first <= orjson.loads(expired.metadata)["causation"] <= placed.last

    async def test_given_a_lapsed_order_then_it_expires_in_the_same_command(self, holds: RuleFixture) -> None:
        await holds.order("ann", [0])
        holds.clock.advance(OVER)
        assert await holds.caused() == ["OrderExpired", "HoldExpired", "SeatReleased", "BuyerQuotaReturned"]

    async def test_given_an_extended_basket_then_it_stays_until_the_later_deadline(self, holds: RuleFixture) -> None:
        hold, command = holds.world.hold("ann", holds.world.seats[:1])
        await holds.world.do(command)
        extend = partial(holding.extend_hold, hold=hold, holder="ann", by=timedelta(minutes=5))
        await holds.world.do(ScriptedCommand(extend))
        holds.clock.advance(OVER)
        assert await holds.caused() == []
        holds.clock.advance(timedelta(minutes=5))
        assert "HoldExpired" in await holds.caused()

    async def test_given_a_basket_extended_behind_its_back_then_it_stays(self, holds: RuleFixture) -> None:
        hold, command = holds.world.hold("ann", holds.world.seats[:1])
        await holds.world.do(command)
        assert await holds.caused() == []
        due = WorkItem(*holds.records.rules["release_lapsed_holds"].work[hold])
        extend = partial(holding.extend_hold, hold=hold, holder="ann", by=timedelta(minutes=5))
        await holds.world.do(ScriptedCommand(extend))
        holds.clock.advance(OVER)
        await holds.rule.execute(due, holds.clock.now())
        assert await holds.caused() == []
        assert holds.work() == [hold]

    @pytest.mark.parametrize("ending", ["released", "cancelled", "paid"])
    async def test_given_a_basket_that_ended_otherwise_then_no_work_is_left(
        self, holds: RuleFixture, ending: str
    ) -> None:
        if ending == "released":
            hold, command = holds.world.hold("ann", holds.world.seats[:1])
            await holds.world.do(command)
            await holds.world.do(ScriptedCommand(partial(holding.release_hold, hold=hold, holder="ann")))
        else:
            order = await holds.order("ann", [0])
            if ending == "paid":
                payment = await holds.captured(order, "ann")
                await holds.world.do(ScriptedCommand(partial(settling.settle, payment=payment)))
            else:
                cancel = partial(ordering.cancel_order, order=order, account="ann", reason=OrderCancelReason.BUYER)
                await holds.world.do(ScriptedCommand(cancel))
        assert await holds.caused() == []
        assert holds.work() == []

    async def test_given_a_seat_taken_over_then_only_the_rest_is_cleared_away(self, holds: RuleFixture) -> None:
        await holds.world.do(holds.world.hold("ann", holds.world.seats[:2])[1])
        holds.clock.advance(OVER)
        await holds.world.do(holds.world.hold("bob", holds.world.seats[1:2])[1])
        assert await holds.caused() == ["HoldExpired", "SeatReleased", "BuyerQuotaReturned"]
