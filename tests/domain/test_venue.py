"""When may a venue be opened, changed and deleted, and how are its layouts published?"""

from dataclasses import replace
from typing import Any

import pytest

from domain.errors import AlreadyExists, BeingDeleted, NotFound
from domain.venue import (
    LAYOUT,
    VENUE,
    LayoutAdded,
    LayoutPublished,
    VenueArchived,
    VenueChanged,
    VenueClosedForDeletion,
    VenueDetails,
    VenueOpened,
    VenueReopened,
    change_venue,
    close_venue_for_deletion,
    finish_venue_deletion,
    give_up_venue_deletion,
    open_venue,
    publish_layout,
    require_layout,
    require_open,
)
from tests.support.scenario import Scenario

DETAILS = VenueDetails(name="The Globe", address="Bankside", city="London", country="GB", time_zone="Europe/London")
OPENED = VenueOpened(organizer="globe", details=DETAILS)
CLOSING = VenueClosedForDeletion()
venue = Scenario().on(VENUE.stream("v1"))
LAYOUT_FILE: dict[str, Any] = {"name": "Main hall", "seats": 6, "document_sha256": "ab" * 32}


def published(version: int) -> LayoutPublished:
    """Return the event of a published layout."""
    return LayoutPublished(venue="v1", organizer="globe", version=version, **LAYOUT_FILE)


class TestOpenVenue:
    def test_given_a_new_id_then_it_is_opened(self) -> None:
        venue.when(open_venue, "v1", OPENED).then(OPENED)

    def test_given_an_id_that_is_taken_then_it_is_refused(self) -> None:
        venue.given(OPENED).when(open_venue, "v1", OPENED).then_refused(AlreadyExists)


class TestChangeVenue:
    def test_given_other_details_then_they_change(self) -> None:
        moved = replace(DETAILS, time_zone="Europe/Dublin")
        venue.given(OPENED).when(change_venue, "v1", moved).then(VenueChanged(details=moved))

    def test_given_the_same_details_then_nothing(self) -> None:
        venue.given(OPENED).when(change_venue, "v1", DETAILS).then_nothing()
        moved = replace(DETAILS, city="Dublin")
        venue.given(OPENED, VenueChanged(details=moved)).when(change_venue, "v1", moved).then_nothing()

    def test_given_no_such_venue_then_it_is_not_found(self) -> None:
        venue.when(change_venue, "v1", DETAILS).then_refused(NotFound)


class TestPublishLayout:
    def test_given_a_venue_then_each_layout_is_its_next_version(self) -> None:
        first = venue.given(OPENED).when(publish_layout, "v1", "l1", **LAYOUT_FILE)
        first.then(LayoutAdded(layout="l1"))
        first.then_on(LAYOUT.stream("l1"), published(1))
        second = venue.given(OPENED, LayoutAdded(layout="l1")).when(publish_layout, "v1", "l2", **LAYOUT_FILE)
        second.then_on(LAYOUT.stream("l2"), published(2))

    def test_given_no_such_venue_then_it_is_not_found(self) -> None:
        venue.when(publish_layout, "v1", "l1", **LAYOUT_FILE).then_refused(NotFound)

    def test_given_a_published_layout_then_it_is_found_and_no_other(self) -> None:
        given = Scenario().given(LAYOUT.stream("l1"), published(1))
        assert given.state(require_layout, "l1") == published(1)
        with pytest.raises(NotFound):
            given.state(require_layout, "l2")


class TestDeleteVenue:
    def test_given_an_open_venue_then_it_is_closed_to_new_events_once(self) -> None:
        venue.given(OPENED).when(close_venue_for_deletion, "v1").then(CLOSING)
        closing = venue.given(OPENED, CLOSING)
        closing.when(close_venue_for_deletion, "v1").then_nothing()
        with pytest.raises(BeingDeleted):
            closing.scenario.state(require_open, "v1")

    def test_given_no_event_uses_it_then_it_is_archived_and_not_found_any_more(self) -> None:
        closing = venue.given(OPENED, CLOSING)
        closing.when(finish_venue_deletion, "v1", closing=1, in_use=False).then(VenueArchived())
        closing.given(VenueArchived()).when(change_venue, "v1", DETAILS).then_refused(NotFound)

    def test_given_an_event_uses_it_then_it_is_reopened(self) -> None:
        closing = venue.given(OPENED, CLOSING)
        closing.when(finish_venue_deletion, "v1", closing=1, in_use=True).then(VenueReopened())
        assert closing.given(VenueReopened()).scenario.state(require_open, "v1").details == DETAILS

    def test_given_it_was_closed_once_more_meanwhile_then_the_earlier_check_counts_for_nothing(self) -> None:
        again = venue.given(OPENED, CLOSING, VenueReopened(), CLOSING)
        again.when(finish_venue_deletion, "v1", closing=1, in_use=False).then_nothing()
        again.when(finish_venue_deletion, "v1", closing=2, in_use=False).then(VenueArchived())

    def test_given_a_deletion_under_way_then_it_is_given_up_and_anything_else_records_nothing(self) -> None:
        venue.given(OPENED, CLOSING).when(give_up_venue_deletion, "v1").then(VenueReopened())
        venue.given(OPENED).when(give_up_venue_deletion, "v1").then_nothing()
        venue.when(give_up_venue_deletion, "v1").then_nothing()
