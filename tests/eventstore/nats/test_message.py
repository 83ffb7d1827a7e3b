"""An event is restored from its message byte for byte; any other message is detected."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as some

from eventstore.memory import MemoryStore
from eventstore.nats.message import (
    DIGEST,
    POSITION,
    UnexpectedMessage,
    digest_in,
    encode_headers,
    event_of,
    headers_of,
    parse_payload,
    payload_of,
)
from eventstore.nats.streams import StoredMessage
from eventstore.store import RecordedEvent
from tests.eventstore.appends import at, to_append

TEXT = some.text(some.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=50)

VAST = (
    b'{"stream":"s","version":9999999999999999999,"name":"n","schema_version":1,"part":1,"parts":1,"data_bytes":2,'
    b'"command_id":"019f0000-0000-7000-8000-00000000000a","recorded_at":"2026-01-01T00:00:00+00:00"}\n{}{}'
)
"""The last version, the longest in digits."""


async def recorded(
    data: str = '{"title": "Škvorecký\\n, two\\n\\nlines"}', metadata: str = '{"a":\n1}'
) -> RecordedEvent:
    """Return an event."""
    store = MemoryStore()
    await store.append([to_append(at("seat-1", 0, 3, data=data), metadata=metadata)])
    return (await store.read_range(after=0, limit=10))[1]


class TestMessage:
    async def test_it_comes_out_as_it_went_in(self) -> None:
        event = await recorded()
        assert event_of(2, encode_headers(headers_of(event)), payload_of(event)) == event

    @given(data=TEXT, metadata=TEXT)
    def test_whatever_bytes_were_stored(self, data: str, metadata: str) -> None:
        event = asyncio.run(recorded())._replace(data=data, metadata=metadata)
        event = event._replace(digest=parse_payload(event.position, payload_of(event)).digest)
        assert event_of(event.position, encode_headers(headers_of(event)), payload_of(event)) == event

    @pytest.mark.parametrize("header", [POSITION, DIGEST])
    async def test_without_a_header_it_is_foreign(self, header: str) -> None:
        event = await recorded()
        headers = headers_of(event)
        del headers[header]
        with pytest.raises(UnexpectedMessage):
            event_of(2, encode_headers(headers), payload_of(event))

    async def test_at_another_sequence_it_is_foreign(self) -> None:
        event = await recorded()
        with pytest.raises(UnexpectedMessage):
            event_of(3, encode_headers(headers_of(event)), payload_of(event))

    @pytest.mark.parametrize("payload", [b"", b"a stranger", b"{}\n", b"\xff", b"[1]\n2", VAST])
    async def test_with_another_payload_it_is_foreign(self, payload: bytes) -> None:
        with pytest.raises(UnexpectedMessage):
            event_of(2, encode_headers(headers_of(await recorded())), payload)

    async def test_with_one_changed_byte_it_is_foreign(self) -> None:
        event = await recorded()
        with pytest.raises(UnexpectedMessage):
            event_of(2, encode_headers(headers_of(event)), payload_of(event).replace(b"two", b"ten"))

    async def test_the_digest_is_read_from_the_headers_as_they_are_stored(self) -> None:
        event = await recorded()
        block = encode_headers(headers_of(event))
        assert digest_in(StoredMessage(sequence=2, headers=block, payload=b"")) == event.digest
        assert digest_in(StoredMessage(sequence=3, headers=block, payload=b"")) is None
        assert digest_in(StoredMessage(sequence=2, headers=b"", payload=b"")) is None
