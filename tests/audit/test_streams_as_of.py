"""Seats, orders and seat maps as of any position or time equal an independent fold of the log up to it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Any

import pytest

from audit import seat_timeline
from audit.as_of import AsOf, as_of
from audit.order_history import order_as_of
from audit.seat_history import seat_as_of
from audit.seat_map_timeline import SeatMapTimelines
from audit.streams import HistoricalStreams
from domain.money_exception import ExceptionOpened
from domain.order import PlacedOrder
from domain.payment import RequestedPayment
from domain.seat import Blocked, Free, Held, Seat, Sold
from eventstore.postgres import PostgresStore
from eventstore.store import EventColumns, RecordedEvent
from tests.system.log import DecodedEvent, decoded
from tests.system.reference_fold import ReferenceRows, Row, fold_reference

PAIRS = 200

Answer = Callable[[str, AsOf], Awaitable[Row]]


@pytest.fixture(scope="module")
def decoded_log(log: Sequence[RecordedEvent]) -> Sequence[DecodedEvent]:
    """The log, decoded once."""
    return decoded(log)


def reference_at(decoded_log: Sequence[DecodedEvent], position: int) -> ReferenceRows:
    """Fold the whole commands up to a position."""
    ends = [one.recorded.position for one in decoded_log if one.recorded.part == one.recorded.parts]
    return fold_reference(decoded_log[: max((end for end in ends if end <= position), default=0)])


def pairs(log: Sequence[RecordedEvent], kind: str, count: int = PAIRS) -> list[tuple[str, int]]:
    """Draw streams of one kind and positions."""
    random = Random(count)
    streams = sorted({event.stream for event in log if event.stream.startswith(f"{kind}-")})
    return [(random.choice(streams), random.randint(0, len(log))) for _ in range(count)]


def row_of(seat: Seat) -> Row:
    """Return a seat's state in the independent fold's form."""
    match seat:
        case Free():
            return "free", None
        case Held():
            return "held", seat.expires_at
        case Sold():
            return "sold", None
        case Blocked():
            return "blocked", seat.release_at


async def differences(
    store: PostgresStore, decoded_log: Sequence[DecodedEvent], answer: Answer
) -> list[tuple[str, int]]:
    """Return the (seat, position) pairs for which an answer differs from the fold."""
    found = []
    for stream, position in pairs([one.recorded for one in decoded_log], "seat"):
        then = await as_of(store, position=position)
        if await answer(stream, then) != reference_at(decoded_log, position).seats.get(stream, ("free", None)):
            found.append((stream, position))
    return found


def from_streams(streams: HistoricalStreams) -> Answer:
    """Answer from the seat's own stream."""

    async def answer(stream: str, then: AsOf) -> Row:
        _, performance, seat = split(stream)
        return row_of((await seat_as_of(streams, then, performance=performance, seat=seat, after=0, limit=1)).state)

    return answer


def from_seat_maps(maps: SeatMapTimelines) -> Answer:
    """Answer from the whole map."""

    async def answer(stream: str, then: AsOf) -> Row:
        _, performance, seat = split(stream)
        return (await rows_of(maps, performance, then)).get(seat, ("free", None))

    return answer


async def rows_of(maps: SeatMapTimelines, performance: str, then: AsOf) -> Mapping[str, Row]:
    """Return the seats of a map that are not free."""
    found = await maps.at(performance, then)
    return {seat: (group.state, group.until) for group in found.groups for seat in group.seats}


def split(stream: str) -> tuple[str, str, str]:
    """Return kind, performance and seat in a stream's name."""
    kind, _, rest = stream.partition("-")
    performance, _, seat = rest.rpartition("-")
    return kind, performance, seat


class TestSeats:
    async def test_200_random_seats_at_random_positions(
        self, store: PostgresStore, streams: HistoricalStreams, decoded_log: Sequence[DecodedEvent]
    ) -> None:
        assert await differences(store, decoded_log, from_streams(streams)) == []

    @pytest.mark.parametrize("events_per_snapshot", [1, 7, 50_000])
    async def test_200_random_seats_in_whole_maps(
        self,
        store: PostgresStore,
        decoded_log: Sequence[DecodedEvent],
        monkeypatch: pytest.MonkeyPatch,
        events_per_snapshot: int,
    ) -> None:
        monkeypatch.setattr(seat_timeline, "EVENTS_PER_SNAPSHOT", events_per_snapshot)
        assert await differences(store, decoded_log, from_seat_maps(SeatMapTimelines(store))) == []

    async def test_an_answer_without_the_last_events_is_detected(
        self,
        store: PostgresStore,
        streams: HistoricalStreams,
        decoded_log: Sequence[DecodedEvent],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(AsOf, "includes", lambda then, event: event.position <= then.position - 20)
        assert await differences(store, decoded_log, from_streams(streams)) != []

    async def test_a_history_with_a_wrong_state_is_detected(
        self, store: PostgresStore, decoded_log: Sequence[DecodedEvent], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(seat_timeline, "STATES", {**seat_timeline.STATES, "SeatReleased": "held"})
        assert await differences(store, decoded_log, from_seat_maps(SeatMapTimelines(store))) != []


class TestOrders:
    async def test_200_random_orders_at_random_positions(
        self,
        store: PostgresStore,
        streams: HistoricalStreams,
        decoded_log: Sequence[DecodedEvent],
        log: Sequence[RecordedEvent],
    ) -> None:
        for stream, position in pairs(log, "order"):
            known, order = reference_at(decoded_log, position), stream.removeprefix("order-")
            found = await order_as_of(streams, await as_of(store, position=position), order)
            assert found is not None
            told_order = known.orders.get(order)
            if told_order is None:
                assert (found.order, found.events) == (None, [])
                continue
            assert found.order is not None
            assert order_row(found.order) == told_order.row()
            mine = {payment: row for payment, row in known.payments.items() if row[0] == order}
            assert {payment: payment_row(order, each) for payment, each in found.payments.items()} == mine
            assert found.money.captured == sum(row[2] for row in mine.values())
            back = [row for row in known.refunds.values() if row[0] == order]
            assert found.money.refunded == sum(row[3] for row in back if row[2] == "completed")
            assert set(found.tickets) == {key for key, row in known.tickets.items() if row[0] == order}

    async def test_its_events_are_those_that_refer_to_it(
        self, store: PostgresStore, streams: HistoricalStreams, decoded_log: Sequence[DecodedEvent]
    ) -> None:
        order = next(one.key for one in decoded_log if one.recorded.name == "OrderLinesCancelled")
        opened = [one for one in decoded_log if isinstance(one.event, ExceptionOpened) and one.event.order == order]
        exceptions = [one.key for one in opened]
        found = await order_as_of(streams, await as_of(store), order, exceptions=exceptions)
        assert found is not None
        assert found.order is not None
        names = {order, found.order.hold, *exceptions, *found.payments, *found.refunds, *found.tickets}
        expected = [
            one.recorded.position
            for one in decoded_log
            if one.key in names
            or getattr(one.event, "order", None) == order
            or getattr(one.event, "hold", None) == found.order.hold
        ]
        assert [event.position for event in found.events] == expected


def order_row(order: PlacedOrder) -> Row:
    """Return an order's state in the independent fold's form."""
    return order.account, order.status, order.total, len(order.cancelled_lines), order.paid_by, order.expires_at


def payment_row(order: str, payment: RequestedPayment) -> list[Any]:
    """Return a payment's state in the independent fold's form."""
    return [order, payment.amount, payment.captured, payment.outcome and payment.outcome.value]


class TestTimes:
    async def test_a_time_includes_events_recorded_by_then(
        self, store: PostgresStore, log: Sequence[RecordedEvent]
    ) -> None:
        random = Random(7)
        first, last = log[0].recorded_at, log[-1].recorded_at
        for _ in range(PAIRS):
            moment: datetime = first + random.random() * (last - first)
            expected = sum(event.recorded_at <= moment for event in log)
            then = await as_of(store, at=moment)
            assert (then.position, then.moment) == (expected, moment)

    async def test_a_map_compares_deadlines_with_the_given_time(
        self, store: PostgresStore, log: Sequence[RecordedEvent], decoded_log: Sequence[DecodedEvent]
    ) -> None:
        maps = SeatMapTimelines(store)
        for event in [event for event in log if event.name == "SeatHoldExtended"][:20]:
            _, performance, seat = split(event.stream)
            then = await as_of(store, position=event.position + event.parts - event.part)
            seats = await maps.at(performance, then)
            until = (await rows_of(maps, performance, then))[seat][1]
            assert (seat, "held") in list(seats.states_at(then.moment))
            assert (seat, "held") not in list(seats.states_at(until))


class TestCachedSeatMaps:
    async def test_a_later_moment_extends_the_timeline(
        self, store: PostgresStore, decoded_log: Sequence[DecodedEvent]
    ) -> None:
        maps = SeatMapTimelines(Growing(store))  # type: ignore[arg-type]
        last = max(one.recorded for one in decoded_log if one.recorded.name == "SeatHeld")
        _, performance, _ = split(last.stream)
        for position in range(1, len(decoded_log) + 1, 97):
            maps._store.head_now = position  # type: ignore[attr-defined]
            then = AsOf(position=position, recorded_at=last.recorded_at, moment=last.recorded_at)
            known = fold_reference(decoded_log[:position]).seats
            expected = {split(stream)[2]: row for stream, row in known.items() if split(stream)[1] == performance}
            found = await rows_of(maps, performance, then)
            assert found == {seat: row for seat, row in expected.items() if row[0] != "free"}

    @pytest.mark.parametrize(("check_interval_s", "reads"), [(0.0, 2), (3600.0, 1)])
    async def test_after_a_restore_the_log_is_read_again_once_the_last_check_is_old(
        self, store: PostgresStore, decoded_log: Sequence[DecodedEvent], check_interval_s: float, reads: int
    ) -> None:
        log = Growing(store)
        log.head_now = len(decoded_log)
        maps = SeatMapTimelines(log, check_interval_s=check_interval_s)  # type: ignore[arg-type]
        last = max(one.recorded for one in decoded_log if one.recorded.name == "SeatHeld")
        _, performance, _ = split(last.stream)
        then = AsOf(position=len(decoded_log), recorded_at=last.recorded_at, moment=last.recorded_at)
        await maps.at(performance, then)
        log.other_digests = True
        await maps.at(performance, then)
        assert log.column_reads == reads

    async def test_the_least_recently_used_timelines_are_evicted(
        self, store: PostgresStore, log: Sequence[RecordedEvent], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("audit.seat_map_timeline.PERFORMANCES_KEPT_MAX", 2)
        maps, then = SeatMapTimelines(store), await as_of(store)
        performances = sorted({split(event.stream)[1] for event in log if event.stream.startswith("seat-")})
        for performance in performances[:4]:
            await maps.at(performance, then)
        assert list(maps._timelines) == performances[2:4]


class Growing:
    """A store whose end and digests a test can change."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store
        self.head_now = 0
        self.other_digests = False
        self.column_reads = 0

    async def read_columns(self, prefix: str, **bounds: Any) -> EventColumns:
        """Read columns, and count the calls."""
        self.column_reads += 1
        return await self._store.read_columns(prefix, **bounds)

    async def read_range(self, *, after: int, limit: int) -> list[RecordedEvent]:
        """Read events, with changed digests if the test requests it."""
        events = await self._store.read_range(after=after, limit=limit)
        return [event._replace(digest=bytes(32)) for event in events] if self.other_digests else events

    async def head(self) -> int:
        """Return the end of the log."""
        return self.head_now
