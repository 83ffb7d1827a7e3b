"""In which currency amounts are that an event names without one: its performance's."""

from collections.abc import Iterable, Mapping

import orjson

from domain.performance import PERFORMANCE, PerformanceScheduled
from eventstore.schema.codec import Codec
from eventstore.store import RecordedEvent, Store

WITHOUT_CURRENCY = frozenset({"SeatHeld", "PaymentOpened", "PaymentTaken", "RefundOpened"})


async def currencies_of(store: Store, codec: Codec, events: Iterable[RecordedEvent]) -> Mapping[str, str]:
    """Return the currency of each performance whose events need it to be described."""
    about = {performance_id_of(event) for event in events if event.name in WITHOUT_CURRENCY}
    streams = {PERFORMANCE.stream(performance): performance for performance in about if performance}
    found: dict[str, str] = {}
    for stream, recorded in (await store.read_streams(list(streams))).items():
        for event in recorded[:1]:
            scheduled = codec.decode(event.name, event.schema_version, event.data)
            if isinstance(scheduled, PerformanceScheduled):
                found[streams[stream]] = scheduled.currency
    return found


def performance_id_of(event: RecordedEvent) -> str:
    """Return the performance that an event is about, as its metadata says; empty: none."""
    return str(orjson.loads(event.metadata).get("performance") or "")
