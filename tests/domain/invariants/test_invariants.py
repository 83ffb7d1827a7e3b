"""Does each invariant of seats, tickets, quota and refusals find the log that breaks it?"""

from dataclasses import replace

from domain.buyer_quota import BUYER_QUOTA, BuyerQuotaReceived
from domain.decision import Changes
from domain.decisions.holding import extend_hold, release_hold
from domain.decisions.ordering import PlaceOrder, hold_and_order
from domain.invariants import Ledger
from domain.order import ORDER, OrderPlaced
from domain.ticket import TICKET, TicketIssued
from domain.values import Price
from tests.support.invariants import COMMAND, is_found, logged_events, to_ledger
from tests.support.scenario import NOW
from tests.support.shop import (
    HAMLET,
    HOLD_LASTS,
    INVENTORY,
    SEATS,
    STANDING,
    hold_command,
    on_sale,
    seat_stream,
    with_hold,
    with_paid_order,
)

FREE = (Price(category="A", amount=0), Price(category="S", amount=0))


def without_quota(changes: Changes) -> Changes:
    """Return what a decision records but for the quota of buyers."""
    return {stream: events for stream, events in changes.items() if not stream.startswith(BUYER_QUOTA.prefix)}


class TestCapacity:
    def test_given_more_places_than_there_are_then_it_is_found(self) -> None:
        given = on_sale(seats=2)
        for seats, over in ((SEATS[:2], False), (SEATS[:3], True)):
            changes = given.when(hold_command("h1", "ann", *seats)).changes
            assert is_found(to_ledger(given), logged_events(changes, given), "places") is over

    def test_given_lapsed_holds_then_their_places_do_not_count(self) -> None:
        given = with_hold(on_sale(seats=2), "h1", "ann", *SEATS[:2])
        ledger = to_ledger(given)
        for scenario, over in ((given, True), (given.later(HOLD_LASTS), False)):
            changes = scenario.when(hold_command("h2", "bob", SEATS[2])).changes
            assert is_found(ledger, logged_events(changes, scenario), "places") is over


class TestTickets:
    def test_given_two_lines_of_one_place_then_their_two_tickets_are_found(self) -> None:
        given, _ = with_paid_order(on_sale(), "h1", "ann", SEATS[0])
        (ticket,) = [each for each in given.history if each.startswith(TICKET.prefix)]
        issued = given.history[ticket][0]
        assert isinstance(issued, TicketIssued)
        assert not is_found(Ledger(), logged_events({ticket: [issued]}, given), "has the tickets")
        second = {ticket: [issued], TICKET.stream("another"): [replace(issued, line_id="2")]}
        assert is_found(Ledger(), logged_events(second, given), "has the tickets")


class TestQuota:
    def test_given_a_hold_that_counts_for_two_then_it_is_found(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", SEATS[0])
        received = BuyerQuotaReceived(guest="ann", hold="h1", seats=1, expires_at=NOW + HOLD_LASTS)
        command = logged_events({BUYER_QUOTA.stream("bob", HAMLET): [received]}, given)
        assert not is_found(Ledger(), command, "counts for")
        assert is_found(to_ledger(given), command, "counts for")

    def test_given_a_paid_order_that_counts_in_part_then_it_is_found(self) -> None:
        given = on_sale(prices=FREE)
        order = PlaceOrder(order="01935a1c-0000-7000-8000-000000000001", account="ann", contact=None)
        command = hold_command("h1", "ann", *SEATS[:2], standing=1)
        changes = given.when(hold_and_order, order, command, INVENTORY).changes
        assert any(isinstance(event, OrderPlaced) for event in changes[ORDER.stream(order.order)])
        assert not is_found(to_ledger(given), logged_events(changes, given), "counts as")
        assert is_found(to_ledger(given), logged_events(without_quota(changes), given), "counts as")
        assert seat_stream(STANDING[0]) in changes


class TestSharesOfEndedHolds:
    def test_given_a_hold_that_ended_and_counts_on_then_it_is_found(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", SEATS[0])
        changes = given.when(release_hold, hold="h1", holder="ann").changes
        assert not is_found(to_ledger(given), logged_events(changes, given), "has ended")
        assert is_found(to_ledger(given), logged_events(without_quota(changes), given), "has ended")

    def test_given_a_hold_that_lasts_longer_than_it_counts_then_it_is_found(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", SEATS[0])
        changes = given.when(extend_hold, hold="h1", holder="ann", by=HOLD_LASTS).changes
        assert not is_found(to_ledger(given), logged_events(changes, given), "lasts until")
        assert is_found(to_ledger(given), logged_events(without_quota(changes), given), "lasts until")


class TestRefusals:
    def test_given_an_event_of_a_refused_command_then_it_is_found(self) -> None:
        given = on_sale()
        changes = given.when(hold_command("h1", "ann", SEATS[0])).changes
        ledger = to_ledger(given)
        assert not is_found(ledger, logged_events(changes, given, COMMAND), "was refused")
        ledger = to_ledger(given)
        ledger.refused.add(COMMAND)
        assert is_found(ledger, logged_events(changes, given, COMMAND), "was refused")
