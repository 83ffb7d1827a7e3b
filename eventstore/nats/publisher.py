"""Publishing a batch of events as a chain: each is stored only right after the one before it, which it names.

Where one is refused, so is every later one: what a stream gets is a beginning of what was sent, and nobody else's
message comes in between. Only the last is acknowledged. See decision record 20.
"""

from collections.abc import Sequence

from nats import errors
from nats.aio.client import Client

from eventstore.nats.errors import NatsUnavailable
from eventstore.nats.message import encode_headers, headers_of, payload_of
from eventstore.nats.streams import answer
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
    """Publish consecutive events; each gets its position for its sequence.

    Returns:
        The stream's last sequence.

    Raises:
        NatsUnavailable: no acknowledgement; stored or not, ask the stream.
        NatsRefused: the last was not stored, most likely because the stream ends elsewhere; ask it where.
    """
    headers = chained_headers(events)
    frames = [frame(subject, *message) for message in zip(headers[:-1], map(payload_of, events[:-1]), strict=True)]
    try:
        # nats-py checks and spells each message anew, at ten times the price of all else the relay does.
        await client._send_command(b"".join(frames))  # noqa: SLF001
        message = await client.request(subject, payload_of(events[-1]), timeout=timeout_s, headers=headers[-1])
    except (errors.Error, TimeoutError, OSError) as error:
        raise NatsUnavailable(f"no acknowledgement: {str(error) or type(error).__name__}") from error
    return int(answer(message.data)["seq"])


def chained_headers(events: Sequence[RecordedEvent]) -> list[dict[str, str]]:
    """Return the headers of each message: who it is, and what it follows."""
    ids = [f"{event.position}-{event.digest[:_DIGEST_BYTES].hex()}" for event in events]
    places = [{EXPECTED_LAST_SEQUENCE: str(events[0].position - 1)}]
    places += [{EXPECTED_LAST_MESSAGE_ID: message_id} for message_id in ids]
    return [
        {**headers_of(event), MESSAGE_ID: message_id, **archive}
        for event, message_id, archive in zip(events, ids, places, strict=False)
    ]


def frame(subject: str, headers: dict[str, str], payload: bytes) -> bytes:
    """Spell one message as the NATS protocol has it.

    Source: https://docs.nats.io/reference/reference-protocols/nats-protocol (HPUB)
    """
    block = encode_headers(headers)
    return b"HPUB %b %d %d\r\n%b%b\r\n" % (subject.encode(), len(block), len(block) + len(payload), block, payload)


def limit_bytes(events: Sequence[RecordedEvent]) -> Sequence[RecordedEvent]:
    """Return the first commands of a range that fit into one batch; at least one."""
    size = 0
    ends = 0
    for count, event in enumerate(events, 1):
        size += len(event.data) + len(event.metadata)
        if ends and size > BATCH_BYTES_MAX:
            break
        if event.part == event.parts:
            ends = count
    return events[:ends]
