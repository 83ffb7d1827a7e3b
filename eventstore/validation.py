"""Client-side checks before anything is sent, so that an invalid command is refused alone and not with its batch."""

import re
from collections.abc import Sequence
from datetime import datetime

import orjson

from eventstore.errors import BatchRefused, CommandTooLarge, Unencodable
from eventstore.store import (
    BATCH_BYTES_MAX,
    COMMANDS_PER_BATCH_MAX,
    EVENT_BYTES_MAX,
    EVENTS_PER_COMMAND_MAX,
    STREAM_CHARACTERS_MAX,
    STREAMS_PER_COMMAND_MAX,
    Append,
)

_NUL_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_VERSION_MAX = 2**63 - 1


def check_append(append: Append) -> int:
    """Check one command.

    Returns:
        Its size in bytes, as it counts towards the size of a batch.

    Raises:
        Unencodable: it can never be stored.
    """
    if append.size:
        return append.size
    events = [event for write in append.writes for event in write.events]
    if len(events) > EVENTS_PER_COMMAND_MAX:
        raise CommandTooLarge(f"a command of {len(events)} events; at most {EVENTS_PER_COMMAND_MAX} are admitted")
    if len(append.writes) + len(append.guards) > STREAMS_PER_COMMAND_MAX:
        raise CommandTooLarge(f"a command over more than {STREAMS_PER_COMMAND_MAX} streams")
    for write in append.writes:
        _check_expectation(write.stream, write.expected)
    for stream, version in append.guards.items():
        _check_expectation(stream, version)
    _check_window(append.not_before)
    _check_window(append.not_after)
    _check_window(append.asked_at)
    jsons = [append.metadata, *[event.data for event in events]]
    texts = [append.fingerprint.account, append.fingerprint.route, *[event.name for event in events]]
    size = _plain_size(jsons, texts) or sum(map(_json_size, jsons)) + sum(map(_text_size, texts))
    if size > BATCH_BYTES_MAX:
        raise CommandTooLarge(f"a command of {size} bytes; at most {BATCH_BYTES_MAX} are admitted")
    object.__setattr__(append, "size", size)  # an append is immutable, so it is checked once
    return size


def check_batch(batch: Sequence[Append]) -> None:
    """Check the commands of a batch together.

    Raises:
        BatchRefused: two commands share an id, one writes what another one writes or guards, or the batch is too large.
        Unencodable: a command can never be stored.
    """
    if len(batch) > COMMANDS_PER_BATCH_MAX:
        raise BatchRefused(f"a batch of {len(batch)} commands; at most {COMMANDS_PER_BATCH_MAX} are admitted")
    if len({append.command_id for append in batch}) < len(batch):
        raise BatchRefused("two commands of the batch share a command id")
    if sum(map(check_append, batch)) > BATCH_BYTES_MAX:
        raise BatchRefused(f"a batch of more than {BATCH_BYTES_MAX} bytes")
    written: set[str] = set()
    for append in batch:
        for write in append.writes:
            if write.stream in written:
                raise BatchRefused(f"stream {write.stream} is written twice in one batch")
            written.add(write.stream)
    for append in batch:
        if not written.isdisjoint(append.guards):
            raise BatchRefused("a stream is written and guarded in one batch")


def _check_expectation(stream: str, version: int) -> None:
    if not (0 < len(stream) <= STREAM_CHARACTERS_MAX and stream.isascii() and stream.isprintable()):
        raise Unencodable(f"a stream's name is 1 to {STREAM_CHARACTERS_MAX} printable ASCII characters, not {stream!r}")
    if not 0 <= version <= _VERSION_MAX:
        raise Unencodable(f"stream {stream} can't be at version {version}")


def _check_window(edge: datetime | None) -> None:
    if edge is not None and edge.tzinfo is None:
        raise Unencodable("a command's window has a naive time")


def _plain_size(jsons: Sequence[str], texts: Sequence[str]) -> int:
    """Return the size of all texts at once, if none needs a closer check, as for nearly every command; otherwise 0."""
    joined = "".join([*jsons, *texts])
    try:
        size = len(joined) if joined.isascii() else len(joined.encode())
    except UnicodeEncodeError:
        return 0
    return size if size <= EVENT_BYTES_MAX and "\0" not in joined and "\\u" not in joined else 0


def _text_size(text: str) -> int:
    try:
        size = len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError:
        raise Unencodable("a text holds a lone surrogate") from None
    if size > EVENT_BYTES_MAX:
        raise CommandTooLarge(f"a text of {size} bytes; an event holds at most {EVENT_BYTES_MAX}")
    if "\0" in text:
        raise Unencodable("a text holds NUL")
    return size


def _json_size(text: str) -> int:
    size = _text_size(text)
    if "\\u" in text:
        _check_escapes(text)
    return size


def _check_escapes(text: str) -> None:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Unencodable(f"JSON with a broken escape or a lone surrogate: {error}") from None
    if _NUL_ESCAPE.search(text):
        raise Unencodable("a text holds NUL")
