"""Publishes a batch of events as a chain: each message names the one before it, and is stored only directly after it.

If one message is refused, so are all later ones: the stream stores a prefix of the batch, with no other message in
between. Only the last message is acknowledged. See decision record 20.
"""

from collections.abc import Sequence

from nats import errors
from nats.aio.client import Client

from eventstore.nats.errors import NatsUnavailable
from eventstore.nats.message import encode_headers, headers_of, payload_of
from eventstore.nats.streams import parse_answer
from eventstore.store import RecordedEvent

BATCH_EVENTS_MAX = 1_000
BATCH_BYTES_MAX = 8 * 1024 * 1024
ACKNOWLEDGE_TIMEOUT_S = 5.0

MESSAGE_ID = "Nats-Msg-Id"
EXPECTED_LAST_MESSAGE_ID = "Nats-Expected-Last-Msg-Id"
EXPECTED_LAST_SEQUENCE = "Nats-Expected-Last-Sequence"
_DIGEST_BYTES = 4


async def publish_events(
    client: Client, subject: str, events: Sequence[RecordedEvent], *, timeout_s: float = ACKNOWLEDGE_TIMEOUT_S
) -> int:
    """Publish consecutive events; the sequence of each becomes its position.

    Returns:
        The stream's last sequence.

    Raises:
        NatsUnavailable: no acknowledgement; the state of the stream shows what was stored.
        NatsRefused: the last message was not stored, most likely because the stream does not end before the first.
    """
    headers = chain_headers(events)
    frames = [frame(subject, *message) for message in zip(headers[:-1], map(payload_of, events[:-1]), strict=True)]
    try:
        # nats-py validates and encodes each message anew, at ten times the cost of the rest of the relay.
        await client._send_command(b"".join(frames))  # noqa: SLF001
        message = await client.request(subject, payload_of(events[-1]), timeout=timeout_s, headers=headers[-1])
    except (errors.Error, TimeoutError, OSError) as error:
        raise NatsUnavailable(f"no acknowledgement: {str(error) or type(error).__name__}") from error
    return int(parse_answer(message.data)["seq"])


def chain_headers(events: Sequence[RecordedEvent]) -> list[dict[str, str]]:
    """Return the headers of each message: position, digest, message id, and the message it follows."""
    ids = [f"{event.position}-{event.digest[:_DIGEST_BYTES].hex()}" for event in events]
    expectations = [{EXPECTED_LAST_SEQUENCE: str(events[0].position - 1)}]
    expectations += [{EXPECTED_LAST_MESSAGE_ID: message_id} for message_id in ids]
    return [
        {**headers_of(event), MESSAGE_ID: message_id, **expected}
        for event, message_id, expected in zip(events, ids, expectations, strict=False)
    ]


def frame(subject: str, headers: dict[str, str], payload: bytes) -> bytes:
    """Encode one message for the NATS protocol.

    Source: https://docs.nats.io/reference/reference-protocols/nats-protocol (HPUB)
    """
    block = encode_headers(headers)
    return b"HPUB %b %d %d\r\n%b%b\r\n" % (subject.encode(), len(block), len(block) + len(payload), block, payload)


def limit_bytes(events: Sequence[RecordedEvent]) -> Sequence[RecordedEvent]:
    """Return the leading commands of a range that fit into one batch; at least one."""
    size = 0
    ends = 0
    for count, event in enumerate(events, 1):
        size += len(event.data) + len(event.metadata)
        if ends and size > BATCH_BYTES_MAX:
            break
        if event.part == event.parts:
            ends = count
    return events[:ends]
