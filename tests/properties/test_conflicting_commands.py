"""Two commands that must not both win, each decided before the other appends: in either order exactly one does."""

from datetime import timedelta
from functools import partial
from itertools import cycle

import pytest
from uuid_utils.compat import uuid7

from domain.decisions import entry, holding, paying, settling
from domain.decisions.disputes.dispute_exceptions import DisputeReport
from domain.decisions.disputes.disputing import open_dispute
from domain.decisions.reconciling import entry_exception_id, reconcile_entry
from domain.decisions.refunds import refunding
from domain.decisions.resolving_exceptions import ResolveException, resolve_exception
from domain.errors import Rejected
from domain.money_exception import Resolution, ResolutionReason
from domain.order import ORDER, NoOrder, OrderStatus, PlacedOrder
from domain.ports.payment_gateway import LedgerEntry, LedgerEntryKind
from domain.seat import SEAT, Held, Seat, Sold
from domain.values import derived_id
from eventstore.clock import FixedClock
from eventstore.memory import MemoryStore
from eventstore.store import Appended
from tests.support.audited_scenario import AuditedScenario
from tests.support.engine import START, ScriptedCommand
from tests.support.shop import HOLD_LASTS

EITHER_ORDER = pytest.mark.parametrize("turned", [False, True], ids=["first wins", "second wins"])


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture(
    params=[(0, [0]), (1_000, [0]), (1_000, [1, 0]), (1_000, [0, 0, 1])],
    ids=["nothing remembered", "remembered", "written behind", "written behind at times"],
)
async def scenario(request: pytest.FixtureRequest, clock: FixedClock) -> AuditedScenario:
    cache_size, turns = request.param
    scenario = AuditedScenario(MemoryStore(now=clock.now), clock, cache_size=cache_size)
    scenario.turns = cycle(turns)
    await scenario.open()
    return scenario


async def race(scenario: AuditedScenario, first: ScriptedCommand, second: ScriptedCommand) -> str | None:
    """Let both decide, then the first append; return how the second is refused; None: nothing to do."""
    outdated = await scenario.prepare(second)
    winner = await scenario.prepare_from_log(first)
    assert winner.changes, "the first had nothing to win"
    assert outdated.changes, "the second had nothing to win"
    assert isinstance(await scenario.append(winner), Appended)
    verdict = await scenario.append(outdated)
    assert not isinstance(verdict, Appended), "both won"
    head = await scenario.store.head()
    try:
        outcome = await scenario.do(second)
    except Rejected as refusal:
        return refusal.code
    assert not outcome.events, "both won, one after the other"
    assert await scenario.store.head() == head
    return None


async def ordered(scenario: AuditedScenario, seats: list[int]) -> str:
    """Return a pending order of Ann's."""
    order, command = scenario.one_step("ann", [scenario.seats[seat] for seat in seats])
    await scenario.do(command)
    return order


async def paid(scenario: AuditedScenario, order: str, *, account: str = "ann") -> str:
    """Open a payment and let it be captured; return it."""
    payment = str(uuid7())
    command = paying.OpenPayment(payment=payment, order=order, account=account, provider="sandbox")
    await scenario.do(ScriptedCommand(partial(paying.open_payment, command=command)))
    return payment


async def captured(scenario: AuditedScenario, payment: str) -> None:
    state = await scenario.handler.query(lambda context: paying.require_payment(context, payment))
    capture = partial(paying.capture, payment=payment, amount=state.amount, currency=state.currency)
    await scenario.do(ScriptedCommand(partial(capture, captured_at=scenario.clock.now(), source="webhook")))


async def confirmed(scenario: AuditedScenario, seats: list[int]) -> str:
    """Return a confirmed order of Ann's."""
    order = await ordered(scenario, seats)
    payment = await paid(scenario, order)
    await captured(scenario, payment)
    await scenario.settle_all()
    return order


async def seat(scenario: AuditedScenario, number: int) -> Seat:
    return await scenario.handler.query(
        lambda context: context.read(SEAT, scenario.performance, scenario.seats[number])
    )


async def status(scenario: AuditedScenario, order: str) -> OrderStatus:
    state = await scenario.handler.query(lambda context: context.read(ORDER, order))
    assert isinstance(state, PlacedOrder)
    return state.status


class TestRivals:
    @EITHER_ORDER
    async def test_two_buyers_of_one_seat(self, scenario: AuditedScenario, *, turned: bool) -> None:
        rivals = [scenario.hold(buyer, [scenario.seats[0]])[1] for buyer in ("ann", "bob")]
        assert await race(scenario, *(rivals[::-1] if turned else rivals)) == "seats_taken"

    async def test_two_orders_on_one_hold(self, scenario: AuditedScenario) -> None:
        hold, command = scenario.hold("ann", scenario.seats[:2])
        await scenario.do(command)
        assert await race(scenario, scenario.order("ann", hold)[1], scenario.order("ann", hold)[1]) == "hold_ordered"

    async def test_two_refunds_of_one_order(self, scenario: AuditedScenario) -> None:
        order = await confirmed(scenario, [0, 1])
        asks = [
            ScriptedCommand(
                partial(
                    refunding.request_refund,
                    command=refunding.RequestRefund(refund=str(uuid7()), order=order, account="ann"),
                )
            )
            for _ in range(2)
        ]
        assert await race(scenario, *asks) == "nothing_to_refund"

    async def test_two_ends_of_one_exception(self, scenario: AuditedScenario) -> None:
        entry_found = LedgerEntry(
            entry=1,
            kind=LedgerEntryKind.CAPTURE,
            reference="stray",
            checkout_id="co_1",
            amount=100,
            currency="EUR",
            recorded_at=START,
        )
        await scenario.do(ScriptedCommand(partial(reconcile_entry, entry=entry_found, provider="sandbox")))
        ends = [
            ResolveException(
                exception=entry_exception_id(entry_found, "sandbox"),
                resolution=resolution,
                reason=ResolutionReason.NOT_OURS,
                by=by,
            )
            for resolution, by in ((Resolution.REFUND, "sue"), (Resolution.ACCEPT, "tom"))
        ]
        rivals = [ScriptedCommand(partial(resolve_exception, command=end)) for end in ends]
        assert await race(scenario, *rivals) == "exception_ended"

    @pytest.mark.parametrize("submitted", [False, True])
    async def test_a_dispute_against_a_refund(self, scenario: AuditedScenario, *, submitted: bool) -> None:
        order = await confirmed(scenario, [0])
        state = await scenario.handler.query(lambda context: context.read(ORDER, order))
        assert isinstance(state, PlacedOrder)
        refund = str(uuid7())
        ask = refunding.RequestRefund(refund=refund, order=order, account="ann")
        await scenario.do(ScriptedCommand(partial(refunding.request_refund, command=ask)))
        approval = ScriptedCommand(partial(refunding.approve_refund, refund=refund, by="support"))
        if submitted:
            await scenario.do(approval)
        rival = ScriptedCommand(partial(refunding.submit_refund, refund=refund)) if submitted else approval
        fact = DisputeReport(
            payment=str(state.paid_by),
            dispute="dp_1",
            amount=state.total,
            currency="EUR",
            at=START,
            source="webhook",
        )
        dispute = ScriptedCommand(partial(open_dispute, fact=fact))
        assert await race(scenario, dispute, rival) == (None if submitted else "payment_disputed")

    @EITHER_ORDER
    async def test_scan_against_refund(self, scenario: AuditedScenario, *, turned: bool) -> None:
        order = await confirmed(scenario, [0])
        refund = str(uuid7())
        ask = refunding.RequestRefund(refund=refund, order=order, account="ann")
        await scenario.do(ScriptedCommand(partial(refunding.request_refund, command=ask)))
        scan = entry.ScanTicket(
            ticket=derived_id(order, "ticket", "1"),
            code_sha256="",
            gate="north",
            device="d1",
            nonce="n1",
            organizers=frozenset({scenario.organizer}),
            override_window=True,
        )
        scanned = ScriptedCommand(partial(entry.scan_ticket, command=scan))
        approved = ScriptedCommand(partial(refunding.approve_refund, refund=refund, by="support"))
        if turned:
            outdated, winner = await scenario.prepare(scanned), await scenario.prepare_from_log(approved)
            assert isinstance(await scenario.append(winner), Appended)
            assert not isinstance(await scenario.append(outdated), Appended)
            outcome = await scenario.do(scanned)
            assert [fact.reason for _, fact in outcome.events] == ["void"]
        else:
            assert await race(scenario, scanned, approved) == "ticket_used"

    async def test_two_gates_and_one_ticket(self, scenario: AuditedScenario) -> None:
        order = await confirmed(scenario, [0])
        scans = [
            entry.ScanTicket(
                ticket=derived_id(order, "ticket", "1"),
                code_sha256="",
                gate=gate,
                device=gate,
                nonce="n1",
                organizers=frozenset({scenario.organizer}),
                override_window=True,
            )
            for gate in ("north", "south")
        ]
        wishes = [ScriptedCommand(partial(entry.scan_ticket, command=scan)) for scan in scans]
        attempts = [await scenario.prepare_from_log(wishes[0]), await scenario.prepare(wishes[1])]
        assert isinstance(await scenario.append(attempts[0]), Appended)
        assert not isinstance(await scenario.append(attempts[1]), Appended)
        outcome = await scenario.do(wishes[1])
        assert [fact.reason for _, fact in outcome.events] == ["already_used"]


class TestDeadlines:
    async def test_an_extension_decided_in_time_but_appended_late_is_judged_by_the_server(
        self, scenario: AuditedScenario, clock: FixedClock
    ) -> None:
        hold, command = scenario.hold("ann", scenario.seats[:2])
        await scenario.do(command)
        extend = ScriptedCommand(partial(holding.extend_hold, hold=hold, holder="ann", by=timedelta(minutes=5)))
        in_time = await scenario.prepare(extend)
        clock.advance(HOLD_LASTS)
        assert not isinstance(await scenario.append(in_time), Appended)
        assert await scenario.expect_refusal(extend) == "hold_lapsed"

    @EITHER_ORDER
    async def test_extend_against_expiry(self, scenario: AuditedScenario, clock: FixedClock, *, turned: bool) -> None:
        hold, command = scenario.hold("ann", scenario.seats[:2])
        await scenario.do(command)
        extend = ScriptedCommand(partial(holding.extend_hold, hold=hold, holder="ann", by=timedelta(minutes=5)))
        expire = ScriptedCommand(partial(holding.expire_hold, hold=hold))
        extension = await scenario.prepare(extend)
        if turned:
            assert isinstance(await scenario.append(extension), Appended)
            clock.advance(HOLD_LASTS)
            assert not (await scenario.do(expire)).events
            assert isinstance(await seat(scenario, 0), Held)
        else:
            clock.advance(HOLD_LASTS)
            await scenario.do(expire)
            assert not isinstance(await scenario.append(extension), Appended)
            assert await scenario.expect_refusal(extend) == "hold_lapsed"

    @pytest.mark.parametrize("swept", [True, False])
    async def test_a_lapsed_hold_is_free_for_the_next_buyer(
        self, scenario: AuditedScenario, clock: FixedClock, *, swept: bool
    ) -> None:
        hold, command = scenario.hold("ann", scenario.seats[:2])
        await scenario.do(command)
        clock.advance(HOLD_LASTS)
        if swept:
            await scenario.do(ScriptedCommand(partial(holding.expire_hold, hold=hold)))
        await scenario.do(scenario.hold("bob", scenario.seats[:1])[1])
        assert await scenario.expect_refusal(scenario.order("ann", hold)[1]) == "hold_lapsed"


class TestLatePayments:
    @pytest.mark.parametrize("swept", [True, False])
    async def test_seats_that_are_still_free_are_taken_again(
        self, scenario: AuditedScenario, clock: FixedClock, *, swept: bool
    ) -> None:
        order, payment = await lapsed_and_captured(scenario, clock, swept=swept)
        await scenario.do(ScriptedCommand(partial(settling.settle, payment=payment)))
        assert await status(scenario, order) is OrderStatus.CONFIRMED
        assert [type(await seat(scenario, number)) for number in (0, 1)] == [Sold, Sold]

    @pytest.mark.parametrize("swept", [True, False])
    async def test_with_one_of_two_seats_gone_the_money_goes_back(
        self, scenario: AuditedScenario, clock: FixedClock, *, swept: bool
    ) -> None:
        order, payment = await lapsed_and_captured(scenario, clock, swept=swept)
        await scenario.do(scenario.hold("bob", [scenario.seats[1]])[1])
        await scenario.do(ScriptedCommand(partial(settling.settle, payment=payment)))
        assert await status(scenario, order) is not OrderStatus.CONFIRMED
        refund = await scenario.handler.query(
            lambda context: refunding.require_refund(context, derived_id(payment, "refund")),
        )
        assert (refund.amount, refund.status) == (9000, "approved")

    @EITHER_ORDER
    async def test_another_buyer_against_the_late_payment(
        self, scenario: AuditedScenario, clock: FixedClock, *, turned: bool
    ) -> None:
        order, payment = await lapsed_and_captured(scenario, clock, swept=False)
        settle = ScriptedCommand(partial(settling.settle, payment=payment))
        taken = scenario.hold("bob", [scenario.seats[1]])[1]
        if turned:
            outdated, winner = await scenario.prepare(settle), await scenario.prepare_from_log(taken)
            assert isinstance(await scenario.append(winner), Appended)
            assert not isinstance(await scenario.append(outdated), Appended)
            await scenario.do(settle)
            assert await status(scenario, order) is not OrderStatus.CONFIRMED
        else:
            assert await race(scenario, settle, taken) == "seats_taken"
            assert await status(scenario, order) is OrderStatus.CONFIRMED

    async def test_two_payments_of_one_order_confirm_it_once(self, scenario: AuditedScenario) -> None:
        order = await ordered(scenario, [0, 1])
        payments = [await paid(scenario, order) for _ in range(2)]
        for payment in payments:
            await captured(scenario, payment)
        settles = [ScriptedCommand(partial(settling.settle, payment=payment)) for payment in payments]
        attempts = [await scenario.prepare_from_log(settles[0]), await scenario.prepare(settles[1])]
        assert isinstance(await scenario.append(attempts[0]), Appended)
        assert not isinstance(await scenario.append(attempts[1]), Appended)
        await scenario.do(settles[1])
        refund = await scenario.handler.query(
            lambda context: refunding.require_refund(context, derived_id(payments[1], "refund")),
        )
        assert refund.reason == "already_paid"


async def lapsed_and_captured(scenario: AuditedScenario, clock: FixedClock, *, swept: bool) -> tuple[str, str]:
    """Return Ann's order of two seats that lapsed, and its payment, captured afterwards."""
    order = await ordered(scenario, [0, 1])
    payment = await paid(scenario, order)
    clock.advance(HOLD_LASTS)
    if swept:
        state = await scenario.handler.query(lambda context: context.read(ORDER, order))
        assert not isinstance(state, NoOrder)
        await scenario.do(ScriptedCommand(partial(holding.expire_hold, hold=state.hold)))
    await captured(scenario, payment)
    return order, payment
