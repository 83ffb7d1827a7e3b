"""When may an event be created, changed, published and deleted?"""

from domain.errors import AlreadyExists, NotFound, NotOnSale
from domain.event import (
    EVENT,
    EventArchived,
    EventChanged,
    EventClosedForDeletion,
    EventCreated,
    EventDetails,
    EventPublished,
    EventReopened,
    close_for_deletion,
    create,
    finish_deletion,
    give_up_deletion,
    publish,
)
from domain.event import change as change_event
from tests.support.scenario import Scenario
from tests.support.shop import GLOBE, SEATS, SHOW, hold_command, on_sale

CREATED = EventCreated(organizer=GLOBE, venue="venue", details=EventDetails(title="Hamlet"))
DRAFT = Scenario().given(EVENT.stream(SHOW), CREATED)
CLOSED_DRAFT = DRAFT.given(EVENT.stream(SHOW), EventClosedForDeletion())
CLOSED = on_sale().given(EVENT.stream(SHOW), EventClosedForDeletion())


class TestCreateEvent:
    def test_given_a_new_id_then_it_is_drafted_and_a_taken_id_is_refused(self) -> None:
        Scenario().when(create, SHOW, CREATED).then(CREATED)
        DRAFT.when(create, SHOW, CREATED).then_refused(AlreadyExists)


class TestChangeEvent:
    def test_given_other_details_then_they_change_and_the_same_record_nothing(self) -> None:
        other = EventDetails(title="Hamlet", description="In Danish.")
        DRAFT.when(change_event, SHOW, other).then(EventChanged(details=other))
        DRAFT.when(change_event, SHOW, CREATED.details).then_nothing()

    def test_given_no_such_event_then_it_is_not_found(self) -> None:
        Scenario().when(change_event, SHOW, CREATED.details).then_refused(NotFound)


class TestPublishEvent:
    def test_given_a_draft_then_it_is_published_and_a_second_time_nothing(self) -> None:
        DRAFT.when(publish, SHOW).then(EventPublished())
        DRAFT.given_done(publish, SHOW).when(publish, SHOW).then_nothing()

    def test_given_a_deletion_under_way_then_it_is_given_up(self) -> None:
        CLOSED_DRAFT.when(publish, SHOW).then(EventReopened(), EventPublished())
        CLOSED.when(publish, SHOW).then(EventReopened())
        hold = hold_command("h1", "ann", SEATS[0])
        assert CLOSED.given_done(publish, SHOW).when(hold).events()


class TestCloseForDeletion:
    def test_given_a_published_event_then_nothing_sells(self) -> None:
        given = on_sale().given_done(close_for_deletion, SHOW)
        given.when(hold_command("h1", "ann", SEATS[0])).then_refused(NotOnSale)
        given.when(close_for_deletion, SHOW).then_nothing()


class TestFinishDeletion:
    def test_given_no_booking_then_it_is_archived_else_reopened(self) -> None:
        CLOSED.when(finish_deletion, SHOW, closing=1, booked=False).then(EventArchived())
        CLOSED.when(finish_deletion, SHOW, closing=1, booked=True).then(EventReopened())

    def test_given_it_was_published_meanwhile_then_nothing(self) -> None:
        given = CLOSED_DRAFT.given_done(publish, SHOW)
        given.when(finish_deletion, SHOW, closing=1, booked=False).then_nothing()

    def test_given_it_was_closed_once_more_meanwhile_then_the_earlier_check_counts_for_nothing(self) -> None:
        given = CLOSED.given_done(publish, SHOW).given_done(close_for_deletion, SHOW)
        given.when(finish_deletion, SHOW, closing=1, booked=False).then_nothing()
        given.when(finish_deletion, SHOW, closing=2, booked=False).then(EventArchived())

    def test_given_it_is_archived_then_it_is_not_found(self) -> None:
        given = CLOSED.given_done(finish_deletion, SHOW, closing=1, booked=False)
        given.when(finish_deletion, SHOW, closing=1, booked=False).then_refused(NotFound)


class TestGiveUpDeletion:
    def test_given_a_closed_event_then_it_is_reopened_and_anything_else_records_nothing(self) -> None:
        CLOSED.when(give_up_deletion, SHOW).then(EventReopened())
        on_sale().when(give_up_deletion, SHOW).then_nothing()
        CLOSED.given_done(finish_deletion, SHOW, closing=1, booked=False).when(give_up_deletion, SHOW).then_nothing()
