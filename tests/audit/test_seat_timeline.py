"""The compact history of a performance's seats."""

from array import array
from collections.abc import Sequence

import pytest

from audit.seat_timeline import SeatHistory
from eventstore.store import EventColumns


def said(*texts: str, after: int = 0) -> EventColumns:
    """Return columns with one seat per value."""
    numbers = range(after + 1, after + len(texts) + 1)
    return EventColumns(positions=array("q", numbers), streams=[f"s{number}" for number in numbers], values=texts)


def sold(history: SeatHistory, position: int) -> Sequence[str]:
    """Return the sold seats of a map without other states."""
    (group,) = history.seat_map_at(position).groups
    assert (group.state, group.until) == ("sold", None)
    return group.seats


def test_an_unknown_event_name_adds_nothing() -> None:
    history = SeatHistory()
    history.extend(said("SeatSold"), until=1)
    for _ in range(2):
        with pytest.raises(KeyError, match="SeatPainted"):
            history.extend(said("SeatSold", "SeatPainted 2026-01-01", "SeatSold", after=1), until=4)
        assert (len(history), history.until, sold(history, 4)) == (1, 1, ["s1"])
    history.extend(said("SeatSold", after=1), until=2)
    assert sold(history, 2) == ["s1", "s2"]
