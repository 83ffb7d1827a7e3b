"""How are places of a standing area found and sold?"""

from dataclasses import replace

import pytest

from domain.errors import AreaSoldOut, TooManySeats, UnknownSeats
from domain.hold import HoldPlaced
from domain.values import Price
from tests.support.shop import HOLD_LASTS, PIT, PRICE, SEATS, STANDING, hold_command, on_sale, seat_stream, with_hold

A1, A2, A3 = SEATS[:3]


class TestHoldSeats:
    def test_given_a_place_drawn_for_an_area_it_does_not_belong_to_then_it_is_refused(self) -> None:
        command = hold_command("h1", "ann", standing=1, candidates=(A1,))
        on_sale().when(command).then_refused(UnknownSeats, seats=[A1])

    def test_given_a_place_of_a_standing_area_named_as_a_seat_then_it_is_refused(self) -> None:
        command = hold_command("h1", "ann", A1, STANDING[0], standing=1)
        on_sale().when(command).then_refused(UnknownSeats, seats=[STANDING[0]])

    @pytest.mark.parametrize("quantity", [0, -1])
    def test_given_an_area_of_which_no_place_is_wanted_then_it_is_refused(self, quantity: int) -> None:
        command = hold_command("h1", "ann", *SEATS[:2], standing=1)
        (draw,) = command.area_candidates
        none = replace(command, area_candidates=(replace(draw, quantity=quantity),))
        on_sale().when(none).then_refused(TooManySeats)

    def test_given_fewer_candidates_than_two_draws_need_then_the_area_is_sold_out(self) -> None:
        command = hold_command("h1", "ann", standing=2, candidates=STANDING[:3])
        twice = replace(command, area_candidates=(*command.area_candidates, *command.area_candidates))
        on_sale().when(twice).then_refused(AreaSoldOut, area=PIT, left=1)

    def test_given_two_draws_with_the_same_candidates_then_every_place_has_one_line(self) -> None:
        command = hold_command("h1", "ann", standing=2)
        twice = replace(
            command,
            area_candidates=(*command.area_candidates, replace(command.area_candidates[0], ticket_type="child")),
        )
        child = Price(category="S", ticket_type="child", amount=1)
        given = on_sale(prices=(Price(category="S", amount=PRICE), child))
        (placed,) = [event for event in given.when(twice).events() if isinstance(event, HoldPlaced)]
        assert [line.place.seat for line in placed.lines] == list(STANDING[:4])

    def test_given_taken_candidates_then_the_next_free_ones_are_held(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", standing=2)
        result = given.when(hold_command("h2", "bob", standing=2))
        assert {stream for stream in result.changes if stream.startswith("seat-")} == {
            seat_stream(key) for key in STANDING[2:4]
        }

    def test_given_candidates_of_a_lapsed_hold_then_they_are_held(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", standing=8).later(HOLD_LASTS)
        given.when(hold_command("h2", "bob", standing=8)).then_accepted()

    def test_given_too_few_free_candidates_then_the_area_is_sold_out_and_no_seat_is_held(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", standing=7)
        given.when(hold_command("h2", "bob", A1, standing=2)).then_refused(AreaSoldOut, area=PIT, left=1)

    def test_given_seats_and_places_then_one_hold_has_both(self) -> None:
        events = on_sale().when(hold_command("h1", "ann", A1, standing=2)).events()
        (placed,) = [event for event in events if isinstance(event, HoldPlaced)]
        assert [line.place.area for line in placed.lines] == [None, PIT, PIT]
