"""Two commands that must not both win, each decided before the other appends: in either order exactly one does."""

from datetime import timedelta
from functools import partial
from itertools import cycle

import pytest
from uuid_utils.compat import uuid7

from domain import basket, entry, paying, refunding, settling
from domain.disputes import DisputeReport, open_dispute
from domain.errors import Rejected
from domain.exception_resolution import ResolveException, resolve_exception
from domain.money_exception import Resolution, ResolutionReason
from domain.order import ORDER, NoOrder, OrderStatus, PlacedOrder
from domain.ports import LedgerEntry, LedgerEntryKind
from domain.reconciling import entry_exception_id, reconcile_entry
from domain.seat import SEAT, Held, Seat, Sold
from domain.values import derived_id
from eventstore.clock import FixedClock
from eventstore.memory import MemoryStore
from eventstore.store import Appended
from tests.laws.world import HOLD_LASTS, START, Wish, World

EITHER_ORDER = pytest.mark.parametrize("turned", [False, True], ids=["first wins", "second wins"])


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture(
    params=[(0, [0]), (1_000, [0]), (1_000, [1, 0]), (1_000, [0, 0, 1])],
    ids=["nothing remembered", "remembered", "written behind", "written behind at times"],
)
async def world(request: pytest.FixtureRequest, clock: FixedClock) -> World:
    cache_size, turns = request.param
    world = World(MemoryStore(now=clock.now), clock, cache_size=cache_size)
    world.turns = cycle(turns)
    await world.open()
    return world


async def race(world: World, first: Wish, second: Wish) -> str | None:
    """Let both decide, then the first append; return how the second is refused; None: nothing to do."""
    outdated = await world.prepared(second)
    winner = await world.prepared_anew(first)
    assert winner.changes, "the first had nothing to win"
    assert outdated.changes, "the second had nothing to win"
    assert isinstance(await world.appended(winner), Appended)
    verdict = await world.appended(outdated)
    assert not isinstance(verdict, Appended), "both won"
    head = await world.store.head()
    try:
        outcome = await world.do(second)
    except Rejected as refusal:
        return refusal.code
    assert not outcome.events, "both won, one after the other"
    assert await world.store.head() == head
    return None


async def ordered(world: World, seats: list[int]) -> str:
    """Return a pending order of Ann's."""
    order, wish = world.one_step("ann", [world.seats[seat] for seat in seats])
    await world.do(wish)
    return order


async def paid(world: World, order: str, *, account: str = "ann") -> str:
    """Open a payment and let it be captured; return it."""
    payment = str(uuid7())
    command = paying.OpenPayment(payment=payment, order=order, account=account, provider="sandbox")
    await world.do(Wish(partial(paying.open_payment, command=command)))
    return payment


async def captured(world: World, payment: str) -> None:
    state = await world.handler.query(lambda context: paying.require_payment(context, payment))
    capture = partial(paying.capture, payment=payment, amount=state.amount, currency=state.currency)
    await world.do(Wish(partial(capture, captured_at=world.clock.now(), source="webhook")))


async def confirmed(world: World, seats: list[int]) -> str:
    """Return a confirmed order of Ann's."""
    order = await ordered(world, seats)
    payment = await paid(world, order)
    await captured(world, payment)
    await world.settle_all()
    return order


async def seat(world: World, number: int) -> Seat:
    return await world.handler.query(lambda context: context.read(SEAT, world.performance, world.seats[number]))


async def status(world: World, order: str) -> OrderStatus:
    state = await world.handler.query(lambda context: context.read(ORDER, order))
    assert isinstance(state, PlacedOrder)
    return state.status


class TestRivals:
    @EITHER_ORDER
    async def test_two_buyers_of_one_seat(self, world: World, *, turned: bool) -> None:
        rivals = [world.hold(buyer, [world.seats[0]])[1] for buyer in ("ann", "bob")]
        assert await race(world, *(rivals[::-1] if turned else rivals)) == "seats_taken"

    async def test_two_orders_on_one_hold(self, world: World) -> None:
        hold, wish = world.hold("ann", world.seats[:2])
        await world.do(wish)
        assert await race(world, world.order("ann", hold)[1], world.order("ann", hold)[1]) == "hold_ordered"

    async def test_two_refunds_of_one_order(self, world: World) -> None:
        order = await confirmed(world, [0, 1])
        asks = [
            Wish(
                partial(
                    refunding.request_refund,
                    command=refunding.RequestRefund(refund=str(uuid7()), order=order, account="ann"),
                )
            )
            for _ in range(2)
        ]
        assert await race(world, *asks) == "nothing_to_refund"

    async def test_two_ends_of_one_exception(self, world: World) -> None:
        entry_found = LedgerEntry(
            entry=1,
            kind=LedgerEntryKind.CAPTURE,
            reference="stray",
            checkout_id="co_1",
            amount=100,
            currency="EUR",
            recorded_at=START,
        )
        await world.do(Wish(partial(reconcile_entry, entry=entry_found, provider="sandbox")))
        ends = [
            ResolveException(
                exception=entry_exception_id(entry_found, "sandbox"),
                resolution=resolution,
                reason=ResolutionReason.NOT_OURS,
                by=by,
            )
            for resolution, by in ((Resolution.REFUND, "sue"), (Resolution.ACCEPT, "tom"))
        ]
        rivals = [Wish(partial(resolve_exception, command=end)) for end in ends]
        assert await race(world, *rivals) == "exception_ended"

    @pytest.mark.parametrize("submitted", [False, True])
    async def test_a_dispute_against_a_refund(self, world: World, *, submitted: bool) -> None:
        order = await confirmed(world, [0])
        state = await world.handler.query(lambda context: context.read(ORDER, order))
        assert isinstance(state, PlacedOrder)
        refund = str(uuid7())
        ask = refunding.RequestRefund(refund=refund, order=order, account="ann")
        await world.do(Wish(partial(refunding.request_refund, command=ask)))
        approval = Wish(partial(refunding.approve_refund, refund=refund, by="support"))
        if submitted:
            await world.do(approval)
        rival = Wish(partial(refunding.submit_refund, refund=refund)) if submitted else approval
        fact = DisputeReport(
            payment=str(state.paid_by),
            dispute="dp_1",
            amount=state.total,
            currency="EUR",
            at=START,
            source="webhook",
        )
        dispute = Wish(partial(open_dispute, fact=fact))
        assert await race(world, dispute, rival) == (None if submitted else "payment_disputed")

    @EITHER_ORDER
    async def test_scan_against_refund(self, world: World, *, turned: bool) -> None:
        order = await confirmed(world, [0])
        refund = str(uuid7())
        ask = refunding.RequestRefund(refund=refund, order=order, account="ann")
        await world.do(Wish(partial(refunding.request_refund, command=ask)))
        scan = entry.ScanTicket(
            ticket=derived_id(order, "ticket", "1"),
            code_sha256="",
            gate="north",
            device="d1",
            nonce="n1",
            organizers=frozenset({world.organizer}),
            override_window=True,
        )
        scanned = Wish(partial(entry.scan_ticket, command=scan))
        approved = Wish(partial(refunding.approve_refund, refund=refund, by="support"))
        if turned:
            outdated, winner = await world.prepared(scanned), await world.prepared_anew(approved)
            assert isinstance(await world.appended(winner), Appended)
            assert not isinstance(await world.appended(outdated), Appended)
            outcome = await world.do(scanned)
            assert [fact.reason for _, fact in outcome.events] == ["void"]
        else:
            assert await race(world, scanned, approved) == "ticket_used"

    async def test_two_gates_and_one_ticket(self, world: World) -> None:
        order = await confirmed(world, [0])
        scans = [
            entry.ScanTicket(
                ticket=derived_id(order, "ticket", "1"),
                code_sha256="",
                gate=gate,
                device=gate,
                nonce="n1",
                organizers=frozenset({world.organizer}),
                override_window=True,
            )
            for gate in ("north", "south")
        ]
        wishes = [Wish(partial(entry.scan_ticket, command=scan)) for scan in scans]
        attempts = [await world.prepared_anew(wishes[0]), await world.prepared(wishes[1])]
        assert isinstance(await world.appended(attempts[0]), Appended)
        assert not isinstance(await world.appended(attempts[1]), Appended)
        outcome = await world.do(wishes[1])
        assert [fact.reason for _, fact in outcome.events] == ["already_used"]


class TestDeadlines:
    async def test_an_extension_decided_in_time_but_appended_late_is_judged_by_the_server(
        self, world: World, clock: FixedClock
    ) -> None:
        hold, wish = world.hold("ann", world.seats[:2])
        await world.do(wish)
        extend = Wish(partial(basket.extend_hold, hold=hold, holder="ann", by=timedelta(minutes=5)))
        in_time = await world.prepared(extend)
        clock.advance(HOLD_LASTS)
        assert not isinstance(await world.appended(in_time), Appended)
        assert await world.refused(extend) == "hold_lapsed"

    @EITHER_ORDER
    async def test_extend_against_expiry(self, world: World, clock: FixedClock, *, turned: bool) -> None:
        hold, wish = world.hold("ann", world.seats[:2])
        await world.do(wish)
        extend = Wish(partial(basket.extend_hold, hold=hold, holder="ann", by=timedelta(minutes=5)))
        expire = Wish(partial(basket.expire_hold, hold=hold))
        extension = await world.prepared(extend)
        if turned:
            assert isinstance(await world.appended(extension), Appended)
            clock.advance(HOLD_LASTS)
            assert not (await world.do(expire)).events
            assert isinstance(await seat(world, 0), Held)
        else:
            clock.advance(HOLD_LASTS)
            await world.do(expire)
            assert not isinstance(await world.appended(extension), Appended)
            assert await world.refused(extend) == "hold_lapsed"

    @pytest.mark.parametrize("swept", [True, False])
    async def test_a_lapsed_hold_is_free_for_the_next_buyer(
        self, world: World, clock: FixedClock, *, swept: bool
    ) -> None:
        hold, wish = world.hold("ann", world.seats[:2])
        await world.do(wish)
        clock.advance(HOLD_LASTS)
        if swept:
            await world.do(Wish(partial(basket.expire_hold, hold=hold)))
        await world.do(world.hold("bob", world.seats[:1])[1])
        assert await world.refused(world.order("ann", hold)[1]) == "hold_lapsed"


class TestLatePayments:
    @pytest.mark.parametrize("swept", [True, False])
    async def test_seats_that_are_still_free_are_taken_again(
        self, world: World, clock: FixedClock, *, swept: bool
    ) -> None:
        order, payment = await lapsed_and_captured(world, clock, swept=swept)
        await world.do(Wish(partial(settling.settle, payment=payment)))
        assert await status(world, order) is OrderStatus.CONFIRMED
        assert [type(await seat(world, number)) for number in (0, 1)] == [Sold, Sold]

    @pytest.mark.parametrize("swept", [True, False])
    async def test_with_one_of_two_seats_gone_the_money_goes_back(
        self, world: World, clock: FixedClock, *, swept: bool
    ) -> None:
        order, payment = await lapsed_and_captured(world, clock, swept=swept)
        await world.do(world.hold("bob", [world.seats[1]])[1])
        await world.do(Wish(partial(settling.settle, payment=payment)))
        assert await status(world, order) is not OrderStatus.CONFIRMED
        refund = await world.handler.query(
            lambda context: refunding.require_refund(context, derived_id(payment, "refund")),
        )
        assert (refund.amount, refund.status) == (9000, "approved")

    @EITHER_ORDER
    async def test_another_buyer_against_the_late_payment(
        self, world: World, clock: FixedClock, *, turned: bool
    ) -> None:
        order, payment = await lapsed_and_captured(world, clock, swept=False)
        settle = Wish(partial(settling.settle, payment=payment))
        taken = world.hold("bob", [world.seats[1]])[1]
        if turned:
            outdated, winner = await world.prepared(settle), await world.prepared_anew(taken)
            assert isinstance(await world.appended(winner), Appended)
            assert not isinstance(await world.appended(outdated), Appended)
            await world.do(settle)
            assert await status(world, order) is not OrderStatus.CONFIRMED
        else:
            assert await race(world, settle, taken) == "seats_taken"
            assert await status(world, order) is OrderStatus.CONFIRMED

    async def test_two_payments_of_one_order_confirm_it_once(self, world: World) -> None:
        order = await ordered(world, [0, 1])
        payments = [await paid(world, order) for _ in range(2)]
        for payment in payments:
            await captured(world, payment)
        settles = [Wish(partial(settling.settle, payment=payment)) for payment in payments]
        attempts = [await world.prepared_anew(settles[0]), await world.prepared(settles[1])]
        assert isinstance(await world.appended(attempts[0]), Appended)
        assert not isinstance(await world.appended(attempts[1]), Appended)
        await world.do(settles[1])
        refund = await world.handler.query(
            lambda context: refunding.require_refund(context, derived_id(payments[1], "refund")),
        )
        assert refund.reason == "already_paid"


async def lapsed_and_captured(world: World, clock: FixedClock, *, swept: bool) -> tuple[str, str]:
    """Return Ann's order of two seats that lapsed, and its payment, captured afterwards."""
    order = await ordered(world, [0, 1])
    payment = await paid(world, order)
    clock.advance(HOLD_LASTS)
    if swept:
        state = await world.handler.query(lambda context: context.read(ORDER, order))
        assert not isinstance(state, NoOrder)
        await world.do(Wish(partial(basket.expire_hold, hold=state.hold)))
    await captured(world, payment)
    return order, payment
