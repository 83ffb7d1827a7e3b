"""Whose business is a command: which organizer and performance do its events name?"""

from domain.event_registry import subject_ids
from domain.organizer import found_organizer
from tests.support.scenario import Result, Scenario
from tests.support.shop import GLOBE, HAMLET, SEATS, hold_command, on_sale


def subjects(result: Result) -> dict[str, str]:
    """Return the subjects of an accepted command."""
    assert result.events()
    return subject_ids(result.changes)


class TestSubjectIds:
    def test_given_a_hold_then_it_names_organizer_and_performance(self) -> None:
        result = on_sale().when(hold_command("h1", "ann", SEATS[0]))
        assert subjects(result) == {"organizer": GLOBE, "performance": HAMLET}

    def test_given_events_that_name_neither_then_there_is_none(self) -> None:
        assert subjects(Scenario().when(found_organizer, GLOBE, "The Globe")) == {}
