"""Streams made of golden files: for every kind and every event type one that folds, however short."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson
from uuid_utils.compat import uuid7

from domain.decision import StreamType
from domain.event_registry import STREAM_TYPES
from domain.seat import SEAT
from eventstore.store import Append, NewEvent, Write
from tests.golden import Golden, golden_files
from tests.support.engine import CODEC

STEPS_MAX = 5


@dataclass(frozen=True, slots=True)
class Path:
    """Golden files that fold, one after the other, into the state of one kind of stream."""

    kind: str
    files: tuple[Golden, ...]


def every_path() -> Iterator[Path]:
    """Return, for each kind of stream, a path to every event type that it knows."""
    for kind in STREAM_TYPES.values():
        yield from paths_of(kind)


def paths_of(kind: StreamType[object]) -> list[Path]:
    """Return the shortest path to every event type of one kind of stream."""
    golden = golden_files()
    found: dict[tuple[str, int], Path] = {}
    reached: list[tuple[object, tuple[Golden, ...]]] = [(kind.initial, ())]
    for _ in range(STEPS_MAX):
        further: list[tuple[object, tuple[Golden, ...]]] = []
        for state, files in reached:
            for each in golden:
                after = folded(kind, state, each)
                if after is not None:
                    way = (*files, each)
                    if (each.name, each.version) not in found:
                        found[each.name, each.version] = Path(kind.prefix, way)
                        further.append((after, way))
        reached = further
    return list(found.values())


def folded(kind: StreamType[object], state: object, golden: Golden) -> object | None:
    """Return the state after an event; None if it is of another kind, or makes no sense there."""
    event = CODEC.decode(golden.name, golden.version, golden.stored)
    try:
        return kind.evolve(state, event)
    except (AssertionError, AttributeError, KeyError, StopIteration, ValueError, TypeError):
        return None


def appends(performance: str, seats: Sequence[str]) -> list[Append]:
    """Return every path as the append of one command on a stream of its own.

    Args:
        performance: what everything is about.
        seats: the keys that streams of seats may have, each for one.
    """
    keys = iter(seats)
    made: list[Append] = []
    for path in every_path():
        ending = f"{performance}-{next(keys)}" if path.kind == SEAT.prefix else str(uuid7())
        events = tuple(NewEvent(each.name, each.version, each.stored) for each in path.files)
        metadata = orjson.dumps({"actor": {"kind": "process", "id": "tests"}, "performance": performance}).decode()
        writes = (Write(f"{path.kind}-{ending}", 0, events),)
        made.append(Append(command_id=uuid7(), writes=writes, metadata=metadata))
    return made
