"""Publishing events as one atomic batch: all of them follow the expected last sequence, or none is stored.

Source: NATS architecture decision record 50, atomic batch publish.
"""

from collections.abc import Sequence

from nats import errors
from nats.aio.client import Client
from uuid_utils.compat import uuid7

from eventstore.jetstream.errors import NatsUnavailable
from eventstore.jetstream.message import block_of, headers_of, payload_of
from eventstore.jetstream.stream import answer
from eventstore.store import Recorded

BATCH_EVENTS_MAX = 1_000
BATCH_BYTES_MAX = 8 * 1024 * 1024
ACKNOWLEDGE_TIMEOUT_S = 5.0

BATCH_ID = "Nats-Batch-Id"
BATCH_SEQUENCE = "Nats-Batch-Sequence"
BATCH_COMMIT = "Nats-Batch-Commit"
EXPECTED_LAST_SEQUENCE = "Nats-Expected-Last-Sequence"


async def publish_batch(
    client: Client, subject: str, events: Sequence[Recorded], *, timeout_s: float = ACKNOWLEDGE_TIMEOUT_S
) -> int:
    """Publish consecutive events; each gets its position for its sequence.

    Returns:
        The stream's last sequence.

    Raises:
        NatsUnavailable: no acknowledgement; stored or not, ask the stream.
        NatsRefused: nothing was stored, most likely because the stream ends elsewhere.
    """
    headers = batch_headers(events)
    frames = [frame(subject, *message) for message in zip(headers[:-1], map(payload_of, events[:-1]), strict=True)]
    try:
        # nats-py checks and spells each message anew, at ten times the price of all else the relay does.
        await client._send_command(b"".join(frames))  # noqa: SLF001
        message = await client.request(subject, payload_of(events[-1]), timeout=timeout_s, headers=headers[-1])
    except (errors.Error, TimeoutError, OSError) as error:
        raise NatsUnavailable(f"no acknowledgement: {str(error) or type(error).__name__}") from error
    return int(answer(message.data)["seq"])


def batch_headers(events: Sequence[Recorded]) -> list[dict[str, str]]:
    """Return the headers of each message: who it is, and its place in the batch."""
    batch = uuid7().hex
    headers = [
        {**headers_of(event), BATCH_ID: batch, BATCH_SEQUENCE: str(sequence)}
        for sequence, event in enumerate(events, 1)
    ]
    headers[0][EXPECTED_LAST_SEQUENCE] = str(events[0].position - 1)
    headers[-1][BATCH_COMMIT] = "1"
    return headers


def frame(subject: str, headers: dict[str, str], payload: bytes) -> bytes:
    """Spell one message as the NATS protocol has it.

    Source: https://docs.nats.io/reference/reference-protocols/nats-protocol (HPUB)
    """
    block = block_of(headers)
    return b"HPUB %b %d %d\r\n%b%b\r\n" % (subject.encode(), len(block), len(block) + len(payload), block, payload)


def within_bytes(events: Sequence[Recorded]) -> Sequence[Recorded]:
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
