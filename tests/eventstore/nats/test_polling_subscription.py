"""The subscription that polls the store."""

from eventstore.store import Store
from eventstore.subscription import PollingSubscription
from tests.eventstore.appends import at, to_append
from tests.eventstore.nats.bookings import Bookings
from tests.eventstore.nats.reader import Reader

NOTICED_WITHIN_S = 10.0


class TestPollingSubscription:
    async def test_it_delivers_the_log_in_order_and_waits_for_more(self, store: Store, bookings: Bookings) -> None:
        await store.append([to_append(at(f"old-{number}", 0, 5)) for number in range(100)])
        reader = Reader(PollingSubscription(store=store, after=100), after=100)
        async with reader.reading(), bookings.going_on():
            async with bookings.while_broken(bookings=30):
                pass
            await reader.has_read_all_of(store)
        assert max(reader.lags_s[400:]) < NOTICED_WITHIN_S
