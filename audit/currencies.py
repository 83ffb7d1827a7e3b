"""Currencies of events with amounts but without a currency: the currency of the performance."""

from collections.abc import Iterable, Mapping

import orjson

from domain.performance import PERFORMANCE, PerformanceScheduled
from eventstore.schema.codec import Codec
from eventstore.store import RecordedEvent, Store

WITHOUT_CURRENCY = frozenset({"SeatHeld", "PaymentOpened", "PaymentTaken", "RefundOpened"})


async def currencies_of(store: Store, codec: Codec, events: Iterable[RecordedEvent]) -> Mapping[str, str]:
    """Return performance → currency, for the performances of events in `WITHOUT_CURRENCY`."""
    performances = {performance_id_of(event) for event in events if event.name in WITHOUT_CURRENCY}
    streams = {PERFORMANCE.stream(performance): performance for performance in performances if performance}
    found: dict[str, str] = {}
    for stream, recorded in (await store.read_streams(list(streams))).items():
        for event in recorded[:1]:
            scheduled = codec.decode(event.name, event.schema_version, event.data)
            if isinstance(scheduled, PerformanceScheduled):
                found[streams[stream]] = scheduled.currency
    return found


def performance_id_of(event: RecordedEvent) -> str:
    """Return the performance in an event's metadata; empty if there is none."""
    return str(orjson.loads(event.metadata).get("performance") or "")
